// What guests a node can run, as libvirt of the launcher image says there: what it answers, and the object that keeps the answer.
#ifndef VMB_NODE_CAPABILITIES_H
#define VMB_NODE_CAPABILITIES_H

#include "api/walk/field.h"
#include "api/walk/meta.h"

/* Labels of a node, after the colon a name of libvirt's; the value is "true" (contract 2.8). */
#define NODE_CPU_MODEL_LABEL "cpu-model.node.kubevirt.io/"
#define NODE_CPU_FEATURE_LABEL "cpu-feature.node.kubevirt.io/"
#define NODE_HOST_MODEL_LABEL "host-model-cpu.node.kubevirt.io/"
#define NODE_MACHINE_LABEL "machine-type.node.kubevirt.io/"
#define NODE_SCHEDULABLE_LABEL "kubevirt.io/schedulable"

/* Most names that are told of each; a termination message has 4,096 bytes for all of them. */
enum { NODE_MODELS_MAX = 192, NODE_FEATURES_MAX = 256, NODE_MACHINES_MAX = 64, NODE_ANSWER_MAX = 4096 };

/* libvirt's domain capabilities for x86_64 and q35: what is usable, named as libvirt names it. */
struct domain_capabilities {
    const char *hypervisor; /* "kvm", or "qemu" for emulation */
    const char *qemu_version;
    const char *libvirt_version;
    const char *host_model; /* the named model that is nearest to the node's processor; NULL: none is */
    struct str_list machine_types;
    struct str_list cpu_models;
    struct str_list cpu_features; /* of the host model, all that it implies */
};

struct node_capabilities_status {
    const char *job; /* that answered; another image, boot or hypervisor asks by another one */
    const char *image;
    const char *boot_id;
    const char *observed_time;
    const char *error; /* why the node could not be asked, or NULL */
    struct domain_capabilities *capabilities;
};

/* NodeCapabilities, vmbridge.io/v1alpha1, one for each node, of the node's name (ours). */
struct node_capabilities {
    struct meta meta;
    struct node_capabilities_status status;
};

extern const struct type domain_capabilities_type;
extern const struct type node_capabilities_status_type;
extern const struct type node_capabilities_type;

#endif
