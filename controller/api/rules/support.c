// The fields of KubeVirt's API that this version does not act on, row by row. What walks them is in support_walk.c.
#include "api/rules/support.h"

#include "api/walk/quantity.h"

#define REFUSED(p, way_out)                                      \
    {                                                            \
        .path = (p), .class = SUPPORT_REFUSED, .text = (way_out) \
    }
#define TOLD(p, instead, ...)                                              \
    {                                                                      \
        .path = (p), .class = SUPPORT_TOLD, .text = (instead), __VA_ARGS__ \
    }
#define HARMLESS(p, why)                                      \
    {                                                         \
        .path = (p), .class = SUPPORT_HARMLESS, .text = (why) \
    }
#define END          \
    {                \
        .path = NULL \
    }

static bool
has_no_strategy(const json_t *spec)
{
    return !json_object_get(spec, "runStrategy") && !json_object_get(spec, "running");
}

static int64_t
bytes_at(const json_t *parent, const char *key)
{
    const json_t *j = json_object_get(parent, key);
    struct quantity q = {0};

    if (json_is_integer(j)) {
        return (int64_t)json_integer_value(j);
    }
    AUTO(err_freep) struct err *e = json_is_string(j) ? quantity_parse(json_string_value(j), &q) : NULL;
    return e ? 0 : q.value;
}

static bool
requests_less_than_the_guest(const json_t *spec)
{
    const json_t *domain = json_object_get(spec, "domain");
    int64_t request = bytes_at(json_at(domain, "resources", "requests", NULL), "memory");

    return request > 0 && request < bytes_at(json_object_get(domain, "memory"), "guest");
}

static bool
names_another_resource(const json_t *resources)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)resources, key, value) {
        if (strcmp(key, "memory") != 0 && strcmp(key, "cpu") != 0) {
            return true;
        }
    }
    return false;
}

static bool
requests_another_resource(const json_t *spec)
{
    return names_another_resource(json_at(spec, "domain", "resources", "requests", NULL));
}

static bool
limits_another_resource(const json_t *spec)
{
    return names_another_resource(json_at(spec, "domain", "resources", "limits", NULL));
}

/* The form in which virt-v2v asks for UEFI. */
static bool
leaves_secure_boot_open(const json_t *spec)
{
    const json_t *efi = json_at(spec, "domain", "firmware", "bootloader", "efi", NULL);
    const json_t *smm = json_at(spec, "domain", "features", "smm", NULL);

    return json_bool(efi, "persistent", false) && !json_object_get(efi, "secureBoot") &&
           (!smm || !json_bool(smm, "enabled", true));
}

static bool
has_idle_pool(const json_t *spec)
{
    const json_t *domain = json_object_get(spec, "domain");

    return json_int(json_object_get(domain, "ioThreads"), "supplementalPoolThreadCount", 0) > 0 &&
           !str_eq(json_str(domain, "ioThreadsPolicy"), "supplementalPool");
}

static bool
passes_hyperv_in_vain(const json_t *spec)
{
    const json_t *features = json_at(spec, "domain", "features", NULL);
    const json_t *passthrough = json_object_get(features, "hypervPassthrough");

    return passthrough && json_bool(passthrough, "enabled", true) && json_object_get(features, "hyperv");
}

/* passt has one; a converter's network without a type is the pod's. */
static bool
wants_queues_of_the_pod(const json_t *spec)
{
    const json_t *networks = json_object_get(spec, "networks");
    bool on_pod = json_array_size(networks) == 0;
    size_t i;
    json_t *net;

    json_array_foreach((json_t *)(uintptr_t)networks, i, net) {
        const json_t *multus = json_object_get(net, "multus");
        on_pod = on_pod || !multus || json_is_null(multus);
    }
    return on_pod && json_bool(json_at(spec, "domain", "devices", NULL), "networkInterfaceMultiqueue", false);
}

static bool
has_two_clocks(const json_t *spec)
{
    const json_t *clock = json_at(spec, "domain", "clock", NULL);

    return json_object_get(clock, "utc") && !str_empty(json_str(clock, "timezone"));
}

static bool
has_no_grace(const json_t *spec)
{
    return json_int(spec, "terminationGracePeriodSeconds", 1) == 0;
}

#define OTHER_RESOURCES(of)                                                                        \
    "has(spec.domain.resources) && has(spec.domain.resources." of ") && spec.domain.resources." of \
    ".exists(k, !(k in "                                                                           \
    "['memory', 'cpu']))"
#define BELOW_GUEST                                                                              \
    "has(spec.domain.memory) && has(spec.domain.memory.guest) && has(spec.domain.resources) && " \
    "has(spec.domain.resources.requests) && has(spec.domain.resources.requests.memory) && "      \
    "quantity(string(spec.domain.resources.requests.memory)).isLessThan(quantity(string(spec.domain.memory.guest)))"
#define OPEN_SECURE_BOOT                                                                                            \
    "has(spec.domain.firmware) && has(spec.domain.firmware.bootloader) && has(spec.domain.firmware.bootloader.efi)" \
    " && has(spec.domain.firmware.bootloader.efi.persistent) && spec.domain.firmware.bootloader.efi.persistent && " \
    "!has(spec.domain.firmware.bootloader.efi.secureBoot) && !(has(spec.domain.features) && "                       \
    "has(spec.domain.features.smm) && (!has(spec.domain.features.smm.enabled) || "                                  \
    "spec.domain.features.smm.enabled))"

#define POD_QUEUES                                                                                              \
    "has(spec.domain.devices.networkInterfaceMultiqueue) && spec.domain.devices.networkInterfaceMultiqueue && " \
    "(!has(spec.networks) || spec.networks.size() == 0 || spec.networks.exists(n, !has(n.multus)))"

const struct support vm_support[] = {
    REFUSED("instancetype", "write cpu and memory under template.spec.domain"),
    REFUSED("preference", "write the devices that it prefers under template.spec.domain"),
    TOLD("updateVolumesStrategy", "changed volumes are used from the next start on; none is migrated",
         .fine = "Replacement"),
    TOLD("runStrategy", "neither it nor running is set: read as Halted", .when = has_no_strategy,
         .cel = "!has(spec.runStrategy) && !has(spec.running)"),
#define OF_THE_OBJECT "an instance takes labels and annotations of its template; the rest is its own"
    HARMLESS("template.metadata.name", OF_THE_OBJECT),
    HARMLESS("template.metadata.generateName", OF_THE_OBJECT),
    HARMLESS("template.metadata.namespace", OF_THE_OBJECT),
    HARMLESS("template.metadata.selfLink", OF_THE_OBJECT),
    HARMLESS("template.metadata.uid", OF_THE_OBJECT),
    HARMLESS("template.metadata.resourceVersion", OF_THE_OBJECT),
    HARMLESS("template.metadata.generation", OF_THE_OBJECT),
    HARMLESS("template.metadata.creationTimestamp", OF_THE_OBJECT),
    HARMLESS("template.metadata.deletionTimestamp", OF_THE_OBJECT),
    HARMLESS("template.metadata.deletionGracePeriodSeconds", OF_THE_OBJECT),
    HARMLESS("template.metadata.finalizers", OF_THE_OBJECT),
    HARMLESS("template.metadata.ownerReferences", OF_THE_OBJECT),
    HARMLESS("template.metadata.managedFields", OF_THE_OBJECT),
    END,
};

const struct support vmi_support[] = {
    /* resources */
    TOLD("domain.resources.requests.memory", "it is less than memory.guest: the pod requests the guest's whole memory",
         .when = requests_less_than_the_guest, .cel = BELOW_GUEST),
    TOLD("domain.resources.requests.*", "the pod requests memory and cpu only", .when = requests_another_resource,
         .cel = OTHER_RESOURCES("requests")),
    TOLD("domain.resources.limits.*", "the pod is limited in memory and cpu only", .when = limits_another_resource,
         .cel = OTHER_RESOURCES("limits")),
    TOLD("domain.resources.overcommitGuestOverhead", "the pod requests what it uses beside the guest's memory"),
    TOLD("domain.resources.features", "it belongs under domain: read as domain.features"),
    TOLD("domain.resources.clock", "it belongs under domain: read as domain.clock"),

    /* processors and memory */
    TOLD("domain.cpu.thread", "it is written threads: read as that"),
    TOLD("domain.cpu.maxSockets", "no CPU is added to a guest that runs"),
    TOLD("domain.memory.maxGuest", "no memory is added to a guest that runs"),
    TOLD("domain.memory.reservedOverhead", "the pod's overhead is what vmbridge has measured"),

    /* firmware, clock, features */
    TOLD("domain.rebootPolicy", "a guest that reboots goes on in the same run", .fine = "Reboot"),
    TOLD("domain.firmware.bootloader.efi.secureBoot",
         "it is absent beside persistent: true, and SMM is off: read as false", .when = leaves_secure_boot_open,
         .cel = OPEN_SECURE_BOOT),
    REFUSED("domain.os", "write firmware.bootloader: {efi: {secureBoot: false}} or {bios: {}}"),
    TOLD("domain.clock.timezone", "utc stands beside it: the guest's clock is UTC", .when = has_two_clocks,
         .cel = "has(spec.domain.clock) && has(spec.domain.clock.utc) && has(spec.domain.clock.timezone)"),
    HARMLESS("domain.features.apic.enabled", "every machine of type q35 has one"),
    TOLD("domain.features.hypervPassthrough", "hyperv stands beside it, and counts", .when = passes_hyperv_in_vain,
         .cel =
             "has(spec.domain.features) && has(spec.domain.features.hyperv) && "
             "has(spec.domain.features.hypervPassthrough) && (!has(spec.domain.features.hypervPassthrough.enabled) || "
             "spec.domain.features.hypervPassthrough.enabled)"),
    TOLD("domain.ioThreads.supplementalPoolThreadCount", "it counts with ioThreadsPolicy supplementalPool alone",
         .when = has_idle_pool,
         .cel = "has(spec.domain.ioThreads) && has(spec.domain.ioThreads.supplementalPoolThreadCount) && "
                "!(has(spec.domain.ioThreadsPolicy) && spec.domain.ioThreadsPolicy == 'supplementalPool')"),
    REFUSED("domain.launchSecurity", "leave it out"),

    /* devices */
    HARMLESS("domain.devices.disableHotplug", "nothing is plugged into a guest that runs"),
    TOLD("domain.devices.networkInterfaceMultiqueue", "an interface on the pod network has one queue",
         .when = wants_queues_of_the_pod, .cel = POD_QUEUES),
    REFUSED("domain.devices.disks[].lun.reservation", "leave it out"),
    REFUSED("domain.devices.disks[].lun.pciAddress", "leave it out: only disks on virtio have a slot of their own"),
    REFUSED("domain.devices.disks[].cdrom.pciAddress", "leave it out: only disks on virtio have a slot of their own"),
    REFUSED("domain.devices.disks[].floppy", "use cdrom"),
    TOLD("domain.devices.disks[].tag", "the guest is not told of it"),
    TOLD("domain.devices.disks[].changedBlockTracking", "changed blocks are not tracked"),
    REFUSED("domain.devices.interfaces[].sriov",
            "use bridge: {} with a network attachment that makes a tap, or offer the function by a device plugin and "
            "write its resource under hostDevices"),
    REFUSED("domain.devices.interfaces[].slirp", "use masquerade: {} or bridge: {}"),
    REFUSED("domain.devices.interfaces[].macvtap", "use masquerade: {} or bridge: {}"),
    REFUSED("domain.devices.interfaces[].passt", "use masquerade: {} or bridge: {}"),
    REFUSED("domain.devices.interfaces[].passtBinding", "use masquerade: {} or bridge: {}"),
    REFUSED("domain.devices.interfaces[].binding", "use masquerade: {} or bridge: {}"),
    REFUSED("domain.devices.interfaces[].portRanges", "name the ports one by one under ports"),
    REFUSED(
        "domain.devices.interfaces[].dhcpOptions",
        "passt's DHCP server has no such options: set time servers inside the guest, by cloud-init for one, and boot "
        "from a disk"),
    TOLD("domain.devices.interfaces[].tag", "the guest is not told of it"),
    {.path = "domain.devices.interfaces[].state",
     .class = SUPPORT_REFUSED,
     .text = "remove the interface and its network",
     .only = "absent"},
    REFUSED("domain.devices.watchdog.diag288", "use i6300esb: {}"),
#define BY_PLUGIN "offer the device by a device plugin and write its resource as deviceName"
    REFUSED("domain.devices.gpus[].claimName", BY_PLUGIN),
    REFUSED("domain.devices.gpus[].requestName", BY_PLUGIN),
    TOLD("domain.devices.gpus[].tag", "the guest is not told of it"),
    REFUSED("domain.devices.hostDevices[].claimName", BY_PLUGIN),
    REFUSED("domain.devices.hostDevices[].requestName", BY_PLUGIN),
    TOLD("domain.devices.hostDevices[].tag", "the guest is not told of it"),
    REFUSED("domain.devices.filesystems", "use a disk, or a network file system inside the guest"),
    REFUSED("domain.devices.downwardMetrics", "leave it out"),
    REFUSED("domain.devices.clientPassthrough", "leave it out"),

    /* networks and volumes */
    REFUSED("networks[].resourceClaim", "use pod: {}, or multus: {networkName: NAME}"),
    TOLD("networks[].networkName",
         "a name of the converted machine's host; a network without a type is read as pod: {}"),
    TOLD("volumes[].persistentVolumeClaim.hotpluggable", "the claim stays with the guest until that stops"),
    TOLD("volumes[].dataVolume.hotpluggable", "the claim stays with the guest until that stops"),
    HARMLESS("volumes[].hostDisk.shared", "a guest stays on its node while it runs"),
#define SOURCES "use persistentVolumeClaim, containerDisk or emptyDisk"
    REFUSED("volumes[].downwardMetrics", SOURCES),
    REFUSED("volumes[].memoryDump", SOURCES),
    REFUSED("volumes[].containerPath", "a folder of the launcher's container is no disk: use configMap, secret, "
                                       "downwardAPI or serviceAccount"),

    /* the pod and its life */
    TOLD("serviceAccountName", "the launcher pod has no right in the Kubernetes API"),
    {.path = "evictionStrategy",
     .class = SUPPORT_TOLD,
     .text = "an eviction shuts the guest down: live migration is not part of this version",
     .only = "LiveMigrate"},
    {.path = "evictionStrategy",
     .class = SUPPORT_TOLD,
     .text = "an eviction shuts the guest down: nobody else is asked to move it",
     .only = "External"},
    TOLD("terminationGracePeriodSeconds", "0 switches the guest off without a shutdown: write 180", .when = has_no_grace,
         .cel = "has(spec.terminationGracePeriodSeconds) && spec.terminationGracePeriodSeconds == 0"),
    REFUSED("resourceClaims", "leave it out"),
    REFUSED("utilityVolumes", "leave it out"),
    END,
};
