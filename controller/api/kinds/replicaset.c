// VirtualMachineInstanceReplicaSet: its tables.
#include "api/kinds/replicaset.h"

#include "api/kinds/tables.h"

#define TEMPLATE_LABELS \
    "(has(self.template.metadata) && has(self.template.metadata.labels) ? self.template.metadata.labels : {})"

/* What the set makes must count as its own, else it makes more of it for ever. */
static const struct cel_rule set_rules[] = {
    {"[" TEMPLATE_LABELS "].all(l, (!has(self.selector.matchLabels) || self.selector.matchLabels.all(k, k in l && l[k] "
     "== self.selector.matchLabels[k])) && (!has(self.selector.matchExpressions) || "
     "self.selector.matchExpressions.all(e, e.operator == 'In' ? e.key in l && has(e.values) && l[e.key] in e.values : "
     "e.operator == 'NotIn' ? !(e.key in l && has(e.values) && l[e.key] in e.values) : e.operator == 'Exists' ? e.key "
     "in l : !(e.key in l))))",
     "selector does not match labels. Give template.metadata.labels what it selects", NULL},
    {MEMORY_IS_SAID("self.template.spec.domain"), NO_MEMORY("template.spec.domain"), NULL},
    {NULL, NULL, NULL},
};

static const struct cel_rule selector_rules[] = {
    {"(has(self.matchLabels) && self.matchLabels.size() > 0) || (has(self.matchExpressions) && "
     "self.matchExpressions.size() > 0)",
     "is empty and would select everything in the namespace: name at least one label", NULL},
    {NULL, NULL, NULL},
};

static const struct field spec_fields[] = {
    FIELD_OPT_INT(replicaset_spec, replicas, "replicas", "How many instances there are to be.", RANGE(0, INT32_MAX),
                  OTHERWISE("1"), CHANGES(LIVE)),
    FIELD_STRUCT(replicaset_spec, selector, label_selector, label_selector_type, "selector",
                 "Labels by which an instance counts.", RULES(selector_rules), REQUIRED, CHANGES(LIVE)),
    FIELD_STRUCT(replicaset_spec, template, vm_template, vm_template_type, "template", "The instances that are made.",
                 REQUIRED, CHANGES(RECREATE)),
    FIELD_BOOL(replicaset_spec, paused, "paused", "While true none is made and none deleted.", CHANGES(LIVE)),
    FIELD_END,
};
static const struct type spec_type = TYPE(replicaset_spec, spec_fields);

static const struct field bridge_fields[] = {
    FIELD_LIST(replicaset_bridge, repairs, repair_list, repair_type, "repairs",
               "Fields that are read otherwise than they are written, or have no effect."),
    FIELD_END,
};
static const struct type bridge_type = TYPE(replicaset_bridge, bridge_fields);

static const struct field status_fields[] = {
    FIELD_OPT_INT(replicaset_status, replicas, "replicas", "Instances that have not ended and are not being deleted."),
    FIELD_OPT_INT(replicaset_status, ready_replicas, "readyReplicas", "Those of them that are ready."),
    FIELD_OPT_INT(replicaset_status, observed_generation, "observedGeneration",
                  "Generation that this status tells about."),
    FIELD_STRING(replicaset_status, label_selector, "labelSelector", "The selector, for whoever scales the set."),
    FIELD_LIST(replicaset_status, conditions, condition_list, condition_type, "conditions", "Conditions of the set."),
    FIELD_POINTER(replicaset_status, bridge, replicaset_bridge, bridge_type, "bridge", "What KubeVirt has no field for."),
    FIELD_END,
};
static const struct type status_type = TYPE(replicaset_status, status_fields);

static const struct field replicaset_fields[] = {
    FIELD_STRUCT(replicaset, meta, meta, meta_type, "metadata", "Metadata of the object."),
    FIELD_STRUCT(replicaset, spec, replicaset_spec, spec_type, "spec", "What is wished.", RULES(set_rules), REQUIRED),
    FIELD_STRUCT(replicaset, status, replicaset_status, status_type, "status", "What is.", WHOLE, OUTLINE),
    FIELD_END,
};
const struct type replicaset_type = TYPE(replicaset, replicaset_fields);

static const struct field header_fields[] = {
    FIELD_STRUCT(replicaset, status, replicaset_status, status_type, "status", "What is.", OUTLINE),
    FIELD_END,
};
const struct type replicaset_header_type = TYPE(replicaset, header_fields);
