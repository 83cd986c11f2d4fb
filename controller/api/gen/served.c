// One row a kind.
#include "api/gen/served.h"

#include "api/kinds/kubevirt.h"
#include "api/kinds/vm.h"

#define AGE                                             \
    {                                                   \
        "Age", ".metadata.creationTimestamp", "date", 0 \
    }
/* Its spec is the machine's template, which has been looked at; the controller checks it once more. */
#define OF_A_MACHINE                             \
    "has(object.metadata.ownerReferences) && "   \
    "object.metadata.ownerReferences.exists(o, " \
    "has(o.controller) && o.controller && o.kind == 'VirtualMachine')"
#define CONDITION(t) ".status.conditions[?(@.type=='" t "')].status"

const struct served_kind served_kinds[SERVED_KINDS] = {
    {
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
        OF_A_MACHINE,
        "One run of a machine. Its spec is what a VirtualMachine has under `spec.template.spec`.",
    },
    {
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
};
