// KubeVirt, the configuration object: its tables.
#include "api/kinds/kubevirt.h"

#include "api/kinds/tables.h"

static const struct field permitted_fields[] = {
    FIELD_STRING(permitted_device, resource_name, "resourceName", "Resource that a device plugin offers.", NEEDED,
                 MAX_LEN(317)),
    FIELD_END,
};
static const struct type permitted_type = TYPE(permitted_device, permitted_fields, .keeps_unknown = true);

static const struct field spec_fields[] = {
    FIELD_ENUM(kubevirt_spec, image_pull_policy, pull_policy, pull_policy_names, "imagePullPolicy",
               "When the launcher image is pulled.", OTHERWISE("IfNotPresent"), CHANGES(RECREATE)),
    FIELD_ENUM(kubevirt_spec, disk_image_pull_policy, pull_policy, pull_policy_names, "configuration.imagePullPolicy",
               "When images of containerDisks without a policy are pulled."),
    FIELD_BOOL(kubevirt_spec, use_emulation, "configuration.developerConfiguration.useEmulation",
               "Guests run without KVM, slowly.", OTHERWISE("false")),
    FIELD_BOOL(kubevirt_spec, asks_nodes, "configuration.bridge.nodeCapabilities",
               "Each node is asked by a Job what guests it can run, and pods are placed by its answer.",
               OTHERWISE("true"), CHANGES(RECREATE)),
    FIELD_BOOL(kubevirt_spec, vhost_net, "configuration.bridge.vhostNet",
               "Cards of virtio on secondary networks have the node's kernel move their packets; their pods ask for "
               "devices.kubevirt.io/vhost-net. Never with useEmulation.",
               OTHERWISE("true"), CHANGES(RECREATE)),
    FIELD_OPT_INT(kubevirt_spec, log_controller, "configuration.developerConfiguration.logVerbosity.virtController",
                  "How much the controller logs, 0 to 9.", RANGE(0, 9), OTHERWISE("2"), CHANGES(LIVE)),
    FIELD_OPT_INT(kubevirt_spec, log_launcher, "configuration.developerConfiguration.logVerbosity.virtLauncher",
                  "How much launchers log, 0 to 9.", RANGE(0, 9), OTHERWISE("2"), CHANGES(LIVE)),
    FIELD_STRING(kubevirt_spec, state_class, "configuration.vmStateStorageClass",
                 "Storage class of the claims that keep machines' own state (NVRAM, TPM).", MAX_LEN(253),
                 OTHERWISE("the cluster's default"), CHANGES(RECREATE)),
    FIELD_LIST(kubevirt_spec, default_ports, port_list, port_type, "configuration.bridge.defaultOpenPorts",
               "Ports that are let in to every guest.", MAX_ITEMS(128), CHANGES(LIVE)),
    FIELD_STRINGS(
        kubevirt_spec, pod_annotations, "configuration.bridge.podAnnotations",
        "Annotations that pass from an instance to its launcher pod: names, or beginnings that end in '*'. They take "
        "the place of vm.kubevirt.io/*, prometheus.io/* and kubevirt.io/skip-backup-hooks.",
        MAX_ITEMS(64), MAX_LEN(317), CHANGES(RECREATE)),
    FIELD_STRINGS(kubevirt_spec, host_disk_paths, "configuration.bridge.hostDiskPaths",
                  "Folders of nodes whose files, and those of folders below, may be hostDisks.", MAX_ITEMS(64),
                  MAX_LEN(1024), OTHERWISE("none"), CHANGES(RECREATE)),
    FIELD_LIST(kubevirt_spec, permitted_pci, permitted_device_list, permitted_type,
               "configuration.permittedHostDevices.pciHostDevices", "Devices on PCI that guests may have.",
               MAX_ITEMS(128), CHANGES(LIVE)),
    FIELD_LIST(kubevirt_spec, permitted_mdev, permitted_device_list, permitted_type,
               "configuration.permittedHostDevices.mediatedDevices", "Virtual devices that guests may have.",
               MAX_ITEMS(128), CHANGES(LIVE)),
    FIELD_LIST(kubevirt_spec, permitted_usb, permitted_device_list, permitted_type,
               "configuration.permittedHostDevices.usb", "Devices on USB that guests may have.", MAX_ITEMS(128),
               CHANGES(LIVE)),
    FIELD_QUANTITY(kubevirt_spec, image_overlay, "configuration.bridge.ephemeralStorage.containerDisk",
                   "Most that a guest may write to one containerDisk; its pod is evicted beyond.", OTHERWISE("20Gi"),
                   CHANGES(RECREATE)),
    FIELD_QUANTITY(kubevirt_spec, log_storage, "configuration.bridge.ephemeralStorage.logs",
                   "Share of a launcher pod's ephemeral storage that is for its logs.", OTHERWISE("256Mi"),
                   CHANGES(RECREATE)),
    FIELD_END,
};
static const struct type spec_type = TYPE(kubevirt_spec, spec_fields, .keeps_unknown = true);

static const struct field status_fields[] = {
    FIELD_STRING(kubevirt_status, phase, "phase", "Deployed, when the configuration is in force."),
    FIELD_OPT_INT(kubevirt_status, observed_generation, "observedGeneration", "Generation that this status tells about."),
    FIELD_LIST(kubevirt_status, conditions, condition_list, condition_type, "conditions",
               "Available, Progressing, Degraded."),
    FIELD_STRING(kubevirt_status, observed_version, "observedKubeVirtVersion", "Version of vmbridge."),
    FIELD_END,
};
static const struct type status_type = TYPE(kubevirt_status, status_fields, .keeps_unknown = true);

static const struct field kubevirt_fields[] = {
    FIELD_STRUCT(kubevirt, meta, meta, meta_type, "metadata", "Metadata of the object."),
    FIELD_STRUCT(kubevirt, spec, kubevirt_spec, spec_type, "spec", "The configuration."),
    FIELD_STRUCT(kubevirt, status, kubevirt_status, status_type, "status", "What is in force.", WHOLE, OUTLINE),
    FIELD_END,
};
const struct type kubevirt_type = TYPE(kubevirt, kubevirt_fields);
