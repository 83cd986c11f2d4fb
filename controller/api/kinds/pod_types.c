// Tables of what a VMI's spec takes over from a pod's. It goes into the pod as it is written; the schema is here to find what is misspelt.
#include "api/kinds/label_selector.h"
#include "api/kinds/tables.h"

static const struct field requirement_fields[] = {
    KEPT_STRING("key", "Label.", NEEDED),
    KEPT_STRING("operator", "In, NotIn, Exists, DoesNotExist, Gt, Lt.", NEEDED),
    KEPT_STRINGS("values", "Its values."),
    FIELD_END,
};
static const struct type requirement_type = KEPT_TYPE(requirement_fields);

static const struct field node_term_fields[] = {
    KEPT_LIST(requirement_type, "matchExpressions", "Labels of the node."),
    KEPT_LIST(requirement_type, "matchFields", "Fields of the node."),
    FIELD_END,
};
static const struct type node_term_type = KEPT_TYPE(node_term_fields);

static const struct field weighted_node_term_fields[] = {
    KEPT_INT("weight", "1 to 100.", NEEDED),
    KEPT_STRUCT(node_term_type, "preference", "What is preferred.", NEEDED),
    FIELD_END,
};
static const struct type weighted_node_term_type = KEPT_TYPE(weighted_node_term_fields);

static const struct field pod_term_fields[] = {
    KEPT_STRUCT(label_selector_type, "labelSelector", "Pods."),
    KEPT_STRUCT(label_selector_type, "namespaceSelector", "Namespaces of these pods."),
    KEPT_STRINGS("namespaces", "The same by name."),
    KEPT_STRING("topologyKey", "Label of nodes that are one place.", NEEDED),
    KEPT_STRINGS("matchLabelKeys", "Labels that must be as this pod's."),
    KEPT_STRINGS("mismatchLabelKeys", "Labels that must not."),
    FIELD_END,
};
static const struct type pod_term_type = KEPT_TYPE(pod_term_fields);

static const struct field weighted_pod_term_fields[] = {
    KEPT_INT("weight", "1 to 100.", NEEDED),
    KEPT_STRUCT(pod_term_type, "podAffinityTerm", "What is preferred.", NEEDED),
    FIELD_END,
};
static const struct type weighted_pod_term_type = KEPT_TYPE(weighted_pod_term_fields);

static const struct field pod_affinity_fields[] = {
    KEPT_LIST(pod_term_type, "requiredDuringSchedulingIgnoredDuringExecution", "What must be."),
    KEPT_LIST(weighted_pod_term_type, "preferredDuringSchedulingIgnoredDuringExecution", "What should be."),
    FIELD_END,
};
static const struct type pod_affinity_type = KEPT_TYPE(pod_affinity_fields);

static const struct field affinity_fields[] = {
    FIELD_KEPT("nodeAffinity", "Which nodes."),
    KEPT_LIST(node_term_type, "nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms",
              "What must be.", NEEDED),
    KEPT_LIST(weighted_node_term_type, "nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution", "What should be."),
    KEPT_STRUCT(pod_affinity_type, "podAffinity", "Beside which pods."),
    KEPT_STRUCT(pod_affinity_type, "podAntiAffinity", "Away from which pods."),
    FIELD_END,
};
const struct type affinity_type = KEPT_TYPE(affinity_fields);

static const struct field toleration_fields[] = {
    KEPT_STRING("key", "Key of the taint."),
    KEPT_STRING("operator", "Exists or Equal."),
    KEPT_STRING("value", "Value of the taint."),
    KEPT_STRING("effect", "NoSchedule, PreferNoSchedule or NoExecute."),
    KEPT_INT("tolerationSeconds", "How long NoExecute is borne."),
    FIELD_END,
};
const struct type toleration_type = KEPT_TYPE(toleration_fields);

static const struct field topology_spread_fields[] = {
    KEPT_INT("maxSkew", "How uneven it may be.", NEEDED),
    KEPT_INT("minDomains", "How many places there must be."),
    KEPT_STRING("topologyKey", "Label of nodes that are one place.", NEEDED),
    KEPT_STRING("whenUnsatisfiable", "DoNotSchedule or ScheduleAnyway.", NEEDED),
    KEPT_STRUCT(label_selector_type, "labelSelector", "Pods that count."),
    KEPT_STRINGS("matchLabelKeys", "Labels that must be as this pod's."),
    KEPT_STRING("nodeAffinityPolicy", "Honor or Ignore."),
    KEPT_STRING("nodeTaintsPolicy", "Honor or Ignore."),
    FIELD_END,
};
const struct type topology_spread_type = KEPT_TYPE(topology_spread_fields);

static const struct field dns_option_fields[] = {
    KEPT_STRING("name", "Name of the option."),
    KEPT_STRING("value", "Its value."),
    FIELD_END,
};
static const struct type dns_option_type = KEPT_TYPE(dns_option_fields);

static const struct field dns_config_fields[] = {
    KEPT_STRINGS("nameservers", "Servers, at most 3."),
    KEPT_STRINGS("searches", "Search paths, at most 32."),
    KEPT_LIST(dns_option_type, "options", "Options of the resolver."),
    FIELD_END,
};
const struct type dns_config_type = KEPT_TYPE(dns_config_fields);
