// One row a kind.
#include "api/gen/served.h"

#include "api/kinds/kubevirt.h"
#include "api/kinds/node_capabilities.h"
#include "api/kinds/replicaset.h"

#define OF_KUBEVIRT "kubevirt.io", {"v1", "v1alpha3", NULL}, false, false
#define AGE                                             \
    {                                                   \
        "Age", ".metadata.creationTimestamp", "date", 0 \
    }
/* Its spec is its owner's template, which has been looked at; the controller checks it once more. */
#define OF_A_TEMPLATE                            \
    "has(object.metadata.ownerReferences) && "   \
    "object.metadata.ownerReferences.exists(o, " \
    "has(o.controller) && o.controller && o.kind in ['VirtualMachine', 'VirtualMachineInstanceReplicaSet'])"
#define CONDITION(t) ".status.conditions[?(@.type=='" t "')].status"

const struct served_kind served_kinds[SERVED_KINDS] = {
    {
        OF_KUBEVIRT,
        "VirtualMachine",
        "virtualmachines",
        "virtualmachine",
        {"vm", "vms", NULL},
        &vm_type,
        {AGE,
         {"Status", ".status.printableStatus", NULL, 0},
         {"Ready", CONDITION("Ready"), NULL, 0},
         {NULL, NULL, NULL, 0}},
        NULL,
        {{vm_support, "spec.", "object.spec"},
         {vmi_support, "spec.template.spec.", "object.spec.template.spec"},
         {NULL, NULL, NULL}},
        NULL,
        "A machine that is wished for, whether it runs or not. Its runs are VirtualMachineInstances of the same name.",
    },
    {
        OF_KUBEVIRT,
        "VirtualMachineInstance",
        "virtualmachineinstances",
        "virtualmachineinstance",
        {"vmi", "vmis", NULL},
        &vmi_type,
        {AGE,
         {"Phase", ".status.phase", NULL, 0},
         {"IP", ".status.interfaces[0].ipAddress", NULL, 0},
         {"NodeName", ".status.nodeName", NULL, 0},
         {"Ready", CONDITION("Ready"), NULL, 0},
         {"Live-Migratable", CONDITION("LiveMigratable"), NULL, 1},
         {"Paused", CONDITION("Paused"), NULL, 1},
         {NULL, NULL, NULL, 0}},
        NULL,
        {{vmi_support, "spec.", "object.spec"}, {NULL, NULL, NULL}, {NULL, NULL, NULL}},
        OF_A_TEMPLATE,
        "One run of a machine. Its spec is what a VirtualMachine has under `spec.template.spec`.",
    },
    {
        OF_KUBEVIRT,
        "VirtualMachineInstanceReplicaSet",
        "virtualmachineinstancereplicasets",
        "virtualmachineinstancereplicaset",
        {"vmirs", "vmirss", NULL},
        &replicaset_type,
        {{"Desired", ".spec.replicas", "integer", 0},
         {"Current", ".status.replicas", "integer", 0},
         {"Ready", ".status.readyReplicas", "integer", 0},
         AGE,
         {NULL, NULL, NULL, 0}},
        ".status.labelSelector",
        {{vmi_support, "spec.template.spec.", "object.spec.template.spec"}, {NULL, NULL, NULL}, {NULL, NULL, NULL}},
        NULL,
        "So many instances of one template: what ends is replaced. An instance counts when the set controls it; one "
        "that "
        "nobody controls and that the selector fits is adopted.",
    },
    {
        OF_KUBEVIRT,
        "KubeVirt",
        "kubevirts",
        "kubevirt",
        {"kv", "kvs", NULL},
        &kubevirt_type,
        {AGE, {"Phase", ".status.phase", NULL, 0}, {NULL, NULL, NULL, 0}},
        NULL,
        {{NULL, NULL, NULL}, {NULL, NULL, NULL}, {NULL, NULL, NULL}},
        NULL,
        "The configuration of vmbridge in a cluster; one object.",
    },
    {
        "vmbridge.io",
        {"v1alpha1", NULL, NULL},
        true,
        true,
        "NodeCapabilities",
        "nodecapabilities",
        "nodecapabilities",
        {"nodecap", NULL, NULL},
        &node_capabilities_type,
        {{"Hypervisor", ".status.capabilities.hypervisor", NULL, 0},
         {"Host-Model", ".status.capabilities.hostModel", NULL, 0},
         {"QEMU", ".status.capabilities.qemuVersion", NULL, 0},
         {"Libvirt", ".status.capabilities.libvirtVersion", NULL, 0},
         {"Observed", ".status.observedTime", "date", 0},
         {"Error", ".status.error", NULL, 0},
         {NULL, NULL, NULL, 0}},
        NULL,
        {{NULL, NULL, NULL}, {NULL, NULL, NULL}, {NULL, NULL, NULL}},
        NULL,
        "What guests a node can run, as libvirt of the launcher image says there. Of the node's name; vmbridge writes "
        "it, and the node's labels after it.",
    },
};
