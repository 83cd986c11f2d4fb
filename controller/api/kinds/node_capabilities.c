// NodeCapabilities: its tables.
#include "api/kinds/node_capabilities.h"

#include "api/walk/table.h"

enum { NAME_LEN_MAX = 63, TEXT_LEN_MAX = 1024 };

static const struct field capabilities_fields[] = {
    FIELD_STRING(domain_capabilities, hypervisor, "hypervisor", "kvm, or qemu where guests are emulated.",
                 MAX_LEN(NAME_LEN_MAX)),
    FIELD_STRING(domain_capabilities, qemu_version, "qemuVersion", "Version of QEMU.", MAX_LEN(NAME_LEN_MAX)),
    FIELD_STRING(domain_capabilities, libvirt_version, "libvirtVersion", "Version of libvirt.", MAX_LEN(NAME_LEN_MAX)),
    FIELD_STRING(domain_capabilities, host_model, "hostModel",
                 "The named CPU model that is nearest to the node's processor.", MAX_LEN(NAME_LEN_MAX)),
    FIELD_STRINGS(domain_capabilities, machine_types, "machineTypes", "Machine types that QEMU has.",
                  MAX_ITEMS(NODE_MACHINES_MAX), MAX_LEN(NAME_LEN_MAX)),
    FIELD_STRINGS(domain_capabilities, cpu_models, "cpuModels", "CPU models that a guest can have here.",
                  MAX_ITEMS(NODE_MODELS_MAX), MAX_LEN(NAME_LEN_MAX)),
    FIELD_STRINGS(domain_capabilities, cpu_features, "cpuFeatures", "CPU features that a guest can have here.",
                  MAX_ITEMS(NODE_FEATURES_MAX), MAX_LEN(NAME_LEN_MAX)),
    FIELD_END,
};
const struct type domain_capabilities_type = TYPE(domain_capabilities, capabilities_fields);

static const struct field status_fields[] = {
    FIELD_STRING(node_capabilities_status, job, "job", "Name of the Job that answered.", MAX_LEN(NAME_LEN_MAX)),
    FIELD_STRING(node_capabilities_status, image, "image", "Launcher image that was asked.", MAX_LEN(TEXT_LEN_MAX)),
    FIELD_STRING(node_capabilities_status, boot_id, "bootID", "Boot of the node that was asked.", MAX_LEN(NAME_LEN_MAX)),
    FIELD_STRING(node_capabilities_status, observed_time, "observedTime", "When it answered.", MAX_LEN(NAME_LEN_MAX)),
    FIELD_STRING(node_capabilities_status, error, "error", "Why the node could not be asked.", MAX_LEN(TEXT_LEN_MAX)),
    FIELD_POINTER(node_capabilities_status, capabilities, domain_capabilities, domain_capabilities_type, "capabilities",
                  "The last answer."),
    FIELD_END,
};
const struct type node_capabilities_status_type = TYPE(node_capabilities_status, status_fields);

static const struct field node_capabilities_fields[] = {
    FIELD_STRUCT(node_capabilities, meta, meta, meta_type, "metadata", "Metadata of the object."),
    FIELD_STRUCT(node_capabilities, status, node_capabilities_status, node_capabilities_status_type, "status",
                 "What the node can run."),
    FIELD_END,
};
const struct type node_capabilities_type = TYPE(node_capabilities, node_capabilities_fields);
