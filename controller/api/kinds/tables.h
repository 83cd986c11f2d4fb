// The tables that more than one module of api/ refers to.
#ifndef VMB_TABLES_H
#define VMB_TABLES_H

#include "api/kinds/vmi.h"
#include "api/walk/table.h"

extern const struct type port_type;
extern const struct type disk_type;
extern const struct type interface_type;
extern const struct type input_type;
extern const struct type sound_type;
extern const struct type video_type;
extern const struct type panic_device_type;
extern const struct type tpm_type;
extern const struct type gpu_type;
extern const struct type host_device_type;
extern const struct type volume_type;
extern const struct type network_type;
extern const struct type domain_type;
extern const struct type firmware_type;
extern const struct type features_type;
extern const struct type clock_type;
extern const struct type cpu_type;
extern const struct type memory_type;
extern const struct type resources_type;
extern const struct type probe_type;
extern const struct type guest_os_type;
extern const struct type vmi_status_type;
extern const struct type repair_type;
extern const struct cel_rule instance_meta_rules[]; /* of the metadata of an instance, or of a template */
extern const struct enum_value pull_policy_names[];

/* Of Kubernetes, as a pod has them, and of CDI: only the schema knows what is in them. */
extern const struct type affinity_type;
extern const struct type toleration_type;
extern const struct type topology_spread_type;
extern const struct type dns_config_type;
extern const struct type data_volume_template_type;

/* Metadata of an object that is made from a template, beside its labels and annotations. Generators write null for a time. */
#define KEPT_META_FIELDS KEPT_STRING("name", "Of no effect, as the fields below.", NULLABLE), KEPT_META_REST
#define KEPT_META_REST                                                                           \
    KEPT_STRING("generateName", "Beginning of a name.", NULLABLE),                               \
        KEPT_STRING("namespace", "Namespace of the object.", NULLABLE),                          \
        KEPT_STRING("selfLink", "What objects had once.", NULLABLE),                             \
        KEPT_STRING("uid", "Unique over all time.", NULLABLE),                                   \
        KEPT_STRING("resourceVersion", "Version of a stored object.", NULLABLE),                 \
        KEPT_INT("generation", "Grows with each change of a spec.", NULLABLE),                   \
        KEPT_TIME("creationTimestamp", "When an object was made.", NULLABLE),                    \
        KEPT_TIME("deletionTimestamp", "Set while an object is being deleted.", NULLABLE),       \
        KEPT_INT("deletionGracePeriodSeconds", "Seconds that its deletion may take.", NULLABLE), \
        KEPT_STRINGS("finalizers", "Who must act before an object goes.", NULLABLE),             \
        KEPT_JSON("ownerReferences", "What an object belongs to.", .list = true, NULLABLE),      \
        KEPT_JSON("managedFields", "Who wrote which field.", .list = true, NULLABLE)

/* In CEL. Values that the pattern refuses are not judged a second time. */
#define Q(f) "quantity(string(self." f "))"
#define BOTH_QUANTITIES(f, g) \
    "has(self." f ") && has(self." g ") && isQuantity(string(self." f ")) && isQuantity(string(self." g "))"

/* Whether any field says how much memory the guest has, and the rule's sentence; 'domain' is a path in CEL, 'at' one for people. */
#define MEMORY_IS_SAID(domain)                                                                                       \
    "(has(" domain ".memory) && (has(" domain ".memory.guest) || has(" domain ".memory.hugepages))) || (has(" domain \
    ".resources) && ((has(" domain ".resources.requests) && has(" domain                                             \
    ".resources.requests.memory)) || (has(" domain ".resources.limits) && has(" domain ".resources.limits.memory))))"
#define NO_MEMORY(at)                                                                                        \
    "no memory requested, at least one of '" at ".memory.guest', '" at ".memory.hugepages.pageSize' or '" at \
    ".resources.requests.memory' must be set"

#endif
