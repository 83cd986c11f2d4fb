// Tables of a VMI's status: the fields that vmbridge writes.
#include "api/kinds/tables.h"

static const struct field transition_fields[] = {
    FIELD_STRING(phase_transition, phase, "phase", "Phase that was entered."),
    FIELD_STRING(phase_transition, time, "phaseTransitionTimestamp", "When it was entered."),
    FIELD_END,
};
static const struct type transition_type = TYPE(phase_transition, transition_fields, .keeps_unknown = true);

static const struct field interface_status_fields[] = {
    FIELD_STRING(interface_status, name, "name", "Network of the interface."),
    FIELD_STRING(interface_status, ip_address, "ipAddress", "First address of the guest."),
    FIELD_STRINGS(interface_status, ip_addresses, "ipAddresses", "All addresses of the guest."),
    FIELD_STRING(interface_status, mac, "mac", "Hardware address."),
    FIELD_STRING(interface_status, interface_name, "interfaceName", "Name inside the guest."),
    FIELD_STRING(interface_status, pod_interface_name, "podInterfaceName", "Name inside the pod."),
    FIELD_STRING(interface_status, info_source, "infoSource", "Who says so: domain, guest-agent."),
    FIELD_OPT_INT(interface_status, queue_count, "queueCount", "Queues of the card."),
    FIELD_STRING(interface_status, link_state, "linkState", "up or down."),
    FIELD_END,
};
static const struct type interface_status_type = TYPE(interface_status, interface_status_fields, .keeps_unknown = true);

static const struct field guest_os_fields[] = {
    FIELD_STRING(guest_os_info, name, "name", "Name of the system."),
    FIELD_STRING(guest_os_info, kernel_release, "kernelRelease", "Release of the kernel."),
    FIELD_STRING(guest_os_info, version, "version", "Version of the system."),
    FIELD_STRING(guest_os_info, pretty_name, "prettyName", "Name for people."),
    FIELD_STRING(guest_os_info, version_id, "versionId", "Version for programs."),
    FIELD_STRING(guest_os_info, kernel_version, "kernelVersion", "Build of the kernel."),
    FIELD_STRING(guest_os_info, machine, "machine", "Hardware name that the kernel gives."),
    FIELD_STRING(guest_os_info, id, "id", "Name for programs."),
    FIELD_END,
};
const struct type guest_os_type = TYPE(guest_os_info, guest_os_fields, .keeps_unknown = true);

static const struct field topology_fields[] = {
    FIELD_INT(cpu_topology, cores, "cores", "Cores of each socket."),
    FIELD_INT(cpu_topology, sockets, "sockets", "Sockets."),
    FIELD_INT(cpu_topology, threads, "threads", "Threads of each core."),
    FIELD_END,
};
static const struct type topology_type = TYPE(cpu_topology, topology_fields, .keeps_unknown = true);

static const struct field memory_status_fields[] = {
    FIELD_STRING(memory_status, guest_at_boot, "guestAtBoot", "Memory at the guest's start.", .quantity = true),
    FIELD_STRING(memory_status, guest_current, "guestCurrent", "Memory that the guest has now.", .quantity = true),
    FIELD_STRING(memory_status, guest_requested, "guestRequested", "Memory that the spec asks for.", .quantity = true),
    FIELD_STRING(memory_status, memory_overhead, "memoryOverhead", "Memory that the pod has beside it.",
                 .quantity = true),
    FIELD_END,
};
static const struct type memory_status_type = TYPE(memory_status, memory_status_fields, .keeps_unknown = true);

static const struct field pvc_info_fields[] = {
    FIELD_STRING(pvc_info, claim_name, "claimName", "Name of the claim."),
    FIELD_STRINGS(pvc_info, access_modes, "accessModes", "Access modes of the claim."),
    FIELD_STRING(pvc_info, volume_mode, "volumeMode", "Block or Filesystem."),
    FIELD_MAP(pvc_info, capacity, "capacity", "Capacity of the claim.", .quantity = true),
    FIELD_MAP(pvc_info, requests, "requests", "What the claim asked for.", .quantity = true),
    FIELD_END,
};
static const struct type pvc_info_type = TYPE(pvc_info, pvc_info_fields, .keeps_unknown = true);

static const struct field volume_status_fields[] = {
    FIELD_STRING(volume_status, name, "name", "Name of the volume."),
    FIELD_STRING(volume_status, target, "target", "Device name on its bus."),
    FIELD_STRING(volume_status, phase, "phase", "Where the volume is on its way to the guest."),
    FIELD_STRING(volume_status, reason, "reason", "One word for programs."),
    FIELD_STRING(volume_status, message, "message", "A sentence for people."),
    FIELD_OPT_INT(volume_status, size, "size", "Bytes that the guest sees."),
    FIELD_POINTER(volume_status, pvc_info, pvc_info, pvc_info_type, "persistentVolumeClaimInfo",
                  "The claim behind the volume."),
    FIELD_END,
};
static const struct type volume_status_type = TYPE(volume_status, volume_status_fields, .keeps_unknown = true);

static const struct field repair_fields[] = {
    FIELD_STRING(repair, path, "path", "Field of the spec."),
    FIELD_STRING(repair, message, "message", "What it is read as, or what is done instead."),
    FIELD_END,
};
const struct type repair_type = TYPE(repair, repair_fields, .keeps_unknown = true);

static const struct field bridge_fields[] = {
    FIELD_STRING(vmi_bridge, open_ports, "openPorts", "Ports that are let in now."),
    FIELD_OPT_INT(vmi_bridge, guest_users, "guestUsers", "Users who are logged in."),
    FIELD_STRING(vmi_bridge, guest_hostname, "guestHostname", "Host name inside the guest."),
    FIELD_STRING(vmi_bridge, exit, "exit", "How the last run ended."),
    FIELD_STRING(vmi_bridge, pod, "pod", "Name of the launcher pod."),
    FIELD_MAP(vmi_bridge, other_pods, "otherPods",
              "While the guest is moved: UID and name of each launcher pod beside it."),
    FIELD_LIST(
        vmi_bridge, repairs, repair_list, repair_type, "repairs",
        "Fields that are read otherwise than they are written, or have no effect; of an instance without a machine."),
    FIELD_END,
};
static const struct type bridge_type = TYPE(vmi_bridge, bridge_fields, .keeps_unknown = true);

static const struct field status_fields[] = {
    FIELD_STRING(vmi_status, phase, "phase", "Pending, Scheduling, Scheduled, Running, Succeeded or Failed."),
    FIELD_STRING(vmi_status, reason, "reason", "Why, in one word."),
    FIELD_STRING(vmi_status, node_name, "nodeName", "Node that runs the guest."),
    FIELD_OPT_INT(vmi_status, observed_generation, "observedGeneration", "Generation that this status tells about."),
    FIELD_LIST(vmi_status, conditions, condition_list, condition_type, "conditions", "Conditions of the instance."),
    FIELD_LIST(vmi_status, phase_transitions, phase_transition_list, transition_type, "phaseTransitionTimestamps",
               "When each phase was entered."),
    FIELD_MAP(vmi_status, active_pods, "activePods", "UID of each launcher pod and its node."),
    FIELD_OPT_INT(vmi_status, runtime_user, "runtimeUser", "User that QEMU runs as."),
    FIELD_STRING(vmi_status, launcher_image, "launcherContainerImageVersion", "Image of the launcher."),
    FIELD_STRING(vmi_status, machine_type, "machine.type", "Machine type that QEMU runs."),
    FIELD_STRING(vmi_status, qos_class, "qosClass", "QoS class of the pod."),
    FIELD_LIST(vmi_status, interfaces, interface_status_list, interface_status_type, "interfaces", "Network interfaces."),
    FIELD_POINTER(vmi_status, guest_os, guest_os_info, guest_os_type, "guestOSInfo", "Operating system of the guest."),
    FIELD_POINTER(vmi_status, topology, cpu_topology, topology_type, "currentCPUTopology", "Virtual CPUs that run."),
    FIELD_POINTER(vmi_status, memory, memory_status, memory_status_type, "memory", "Memory of the guest."),
    FIELD_LIST(vmi_status, volumes, volume_status_list, volume_status_type, "volumeStatus", "Volumes of the guest."),
    FIELD_POINTER(vmi_status, bridge, vmi_bridge, bridge_type, "bridge", "What KubeVirt has no field for."),
    KEPT_STRING("virtualMachineRevisionName", "ControllerRevision that the instance was made from."),
    KEPT_STRING("selinuxContext", "SELinux context of the pod."),
    FIELD_OPT_INT(vmi_status, vsock_cid, "VSOCKCID", "Address of the guest's VSOCK device."),
    KEPT_JSON("topologyHints", "What the node's clock is like."),
    KEPT_STRING("fsFreezeStatus", "Whether the guest's file systems are frozen."),
    KEPT_JSON("kernelBootStatus", "The kernel that was booted without a boot loader."),
    KEPT_STRING("migrationMethod", "BlockMigration or LiveMigration."),
    KEPT_STRING("migrationTransport", "Unix."),
    KEPT_JSON("migrationState", "The last migration."),
    KEPT_STRING("evacuationNodeName", "Node that the guest is to leave."),
    KEPT_JSON("migratedVolumes", "Volumes that move with the guest.", .list = true),
    KEPT_JSON("changedBlockTracking", "Whether written blocks are noted."),
    KEPT_JSON("deviceStatus", "Devices that were allocated by claims."),
    FIELD_END,
};
const struct type vmi_status_type = TYPE(vmi_status, status_fields);

const struct cel_rule instance_meta_rules[] = {
    {"!has(self.labels) || !self.labels.exists(k, k in ['kubevirt.io/created-by', 'kubevirt.io/migrationJobUID', "
     "'kubevirt.io/nodeName', 'kubevirt.io/migrationTargetNodeName', 'kubevirt.io/schedulable'] || "
     "k.startsWith('kubevirt.io/install-strategy'))",
     "creation of the following reserved kubevirt.io/ labels on a VMI object is prohibited",
     "'creation of the following reserved kubevirt.io/ labels on a VMI object is prohibited: created-by, "
     "migrationJobUID, nodeName, migrationTargetNodeName, schedulable, install-strategy'"},
    {NULL, NULL, NULL},
};
static const struct cel_rule memory_rules[] = {
    {MEMORY_IS_SAID("self.domain"), NO_MEMORY("domain"), NULL},
    {NULL, NULL, NULL},
};
static const struct field vmi_fields[] = {
    FIELD_STRUCT(vmi, meta, meta, meta_type, "metadata", "Metadata of the object.", RULES(instance_meta_rules)),
    FIELD_STRUCT(vmi, spec, vmi_spec, vmi_spec_type, "spec", "What is to run.", RULES(memory_rules), REQUIRED, WHOLE),
    FIELD_STRUCT(vmi, status, vmi_status, vmi_status_type, "status", "What runs.", WHOLE, OUTLINE),
    FIELD_END,
};
const struct type vmi_type = TYPE(vmi, vmi_fields);

static const struct field vmi_header_fields[] = {
    FIELD_STRUCT(vmi, status, vmi_status, vmi_status_type, "status", "What runs.", OUTLINE),
    FIELD_END,
};
const struct type vmi_header_type = TYPE(vmi, vmi_header_fields);
