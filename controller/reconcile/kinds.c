// A new kind is a folder beside this file, a row in the list, and its arrows.
#include "reconcile/kinds.h"

#include "reconcile/datavolume/data_volume_kind.h"
#include "reconcile/kubevirt/kubevirt_kind.h"
#include "reconcile/node/asking_kind.h"
#include "reconcile/node/node_kind.h"
#include "reconcile/pod/pod_kind.h"
#include "reconcile/pvc/pvc_kind.h"
#include "reconcile/replicaset/replicaset_kind.h"
#include "reconcile/service/service_kind.h"
#include "reconcile/vm/vm_kind.h"
#include "reconcile/vmi/launcher_pods.h"
#include "reconcile/vmi/vmi_kind.h"

/* Machines first: what is decided about them waits for nothing else, and pods are the largest part. */
const struct kind *const kinds[] = {
    &kubevirt_kind, &vm_kind,   &replicaset_kind,        &vmi_kind,        &data_volume_kind, &pod_kind, &pvc_kind,
    &service_kind,  &node_kind, &node_capabilities_kind, &asking_job_kind, &asking_pod_kind};
const size_t n_kinds = ARRAY_LEN(kinds);

static const struct arrow rows[] = {
    {&vmi_kind, &vm_kind, ARROW_SAME_NAME, .says = "an instance bears the name of its machine"},
    {&vmi_kind, &replicaset_kind, ARROW_OWNER, .says = "the set that controls the instance"},
    {&vmi_kind, &replicaset_kind, ARROW_ADOPTER, .says = "sets may adopt an instance that nobody controls"},
    {&data_volume_kind, &vm_kind, ARROW_REFERENCE, .field = "name", .says = "machines that make it or have its claim"},
    {&data_volume_kind, &vmi_kind, ARROW_REFERENCE, .field = "name", .says = "instances with a volume on it"},
    {&pod_kind, &vmi_kind, ARROW_NAME, .tells = pod_tells, .says = "its name tells the instance, or its owner does"},
    {&pvc_kind, &vmi_kind, ARROW_NAME, .tells = pvc_tells, .says = "a claim of state bears the instance's name"},
    {&pvc_kind, &vmi_kind, ARROW_REFERENCE, .field = "claimName", .says = "instances with a volume on the claim"},
    {&pvc_kind, &vmi_kind, ARROW_REFERENCE, .field = "name", .says = "instances with a DataVolume of its name"},
    {&service_kind, &vmi_kind, ARROW_SELECTOR, .says = "instances whose pods the selector may select"},
    {&kubevirt_kind, &vmi_kind, ARROW_EVERYTHING, .says = "the configuration concerns each instance"},
    {&kubevirt_kind, &node_kind, ARROW_EVERYTHING, .says = "the configuration says whether and how nodes are asked"},
    {&node_capabilities_kind, &node_kind, ARROW_SAME_NAME, .says = "the object bears the name of its node"},
    {&asking_job_kind, &node_kind, ARROW_SUBJECT, .says = "an annotation names the node that is asked"},
    {&asking_pod_kind, &node_kind, ARROW_SUBJECT, .says = "the same, of its pod"},
};
const struct arrows arrows = {rows, ARRAY_LEN(rows)};

static const struct kind_gate gates[] = {
    {&pod_kind, launcher_pods_begin, launcher_pods_synced, launcher_pods_admit},
};

const struct kind_gate *
kind_gate_of(const struct kind *kind)
{
    for (size_t i = 0; i < ARRAY_LEN(gates); i++) {
        if (gates[i].kind == kind) {
            return &gates[i];
        }
    }
    return NULL;
}
