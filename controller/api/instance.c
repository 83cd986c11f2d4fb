// The instance that a launcher pod carries: its tables.
#include "api/instance.h"

#include "api/tables.h"

static const struct enum_value kind_names[] = {
    {"image", VOLUME_IMAGE},           {"pvc-file", VOLUME_PVC_FILE}, {"pvc-block", VOLUME_PVC_BLOCK},
    {"empty-disk", VOLUME_EMPTY_DISK}, {"no-cloud", VOLUME_NO_CLOUD}, {NULL, 0},
};

static const struct field instance_volume_fields[] = {
    FIELD_STRING(instance_volume, name, "name", "Name of the volume.", REQUIRED, MAX_LEN(253)),
    FIELD_ENUM(instance_volume, kind, volume_kind, kind_names, "kind", "Where the volume is inside the pod.", REQUIRED),
    FIELD_END,
};
static const struct type instance_volume_type = TYPE(instance_volume, instance_volume_fields);

static const struct field instance_fields[] = {
    FIELD_INT(instance, version, "version", "Version of this description.", REQUIRED),
    FIELD_STRING(instance, namespace, "namespace", "Namespace of the VMI.", REQUIRED, MAX_LEN(253)),
    FIELD_STRING(instance, name, "name", "Name of the VMI.", REQUIRED, MAX_LEN(253)),
    FIELD_STRING(instance, uid, "uid", "UID of the VMI.", REQUIRED, MAX_LEN(64)),
    FIELD_STRING(instance, hostname, "hostname", "Host name of the guest.", MAX_LEN(253)),
    FIELD_STRING(instance, system_uuid, "systemUUID", "SMBIOS UUID.", MAX_LEN(36)),
    FIELD_STRING(instance, machine_type, "machineType", "Machine type.", MAX_LEN(64)),
    FIELD_BOOL(instance, use_emulation, "useEmulation", "QEMU runs without KVM."),
    FIELD_OPT_INT(instance, log_verbosity, "logVerbosity", "How much the launcher logs."),
    FIELD_OPT_INT(instance, overhead_bytes, "overheadBytes", "Memory of the pod beside the guest's."),
    FIELD_LIST(instance, volumes, instance_volume_list, instance_volume_type, "volumes", "Volumes inside the pod.",
               MAX_ITEMS(256)),
    FIELD_LIST(instance, open_ports, port_list, port_type, "openPorts", "Ports to let in from the start.",
               MAX_ITEMS(1024)),
    FIELD_STRUCT(instance, spec, vmi_spec, vmi_spec_type, "spec", "Spec of the VMI, complete.", REQUIRED),
    FIELD_END,
};
const struct type instance_type = TYPE(instance, instance_fields);
