// Labels and annotations that an instance cannot have.
#include "api/rules/validate_parts.h"

#define HOOK_ANNOTATION "hooks.kubevirt.io/hookSidecars"
#define OUR_PREFIX "kubevirt.io/"

/* Labels by which KubeVirt knows its own; 'kubevirt.io/nodeName' is put on an instance by its controller. */
static bool
is_reserved(const char *label, bool is_made)
{
    static const char *const names[] = {"created-by", "migrationJobUID", "migrationTargetNodeName", "schedulable"};
    const char *name = str_starts(label, OUR_PREFIX) ? label + strlen(OUR_PREFIX) : "";
    bool found = str_starts(name, "install-strategy") || (str_eq(name, "nodeName") && !is_made);

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        found = found || str_eq(name, names[i]);
    }
    return found;
}

void
validate_metadata(const struct str_map *labels, const struct str_map *annotations, bool is_made, struct problems *p)
{
    bool found = false;

    for (size_t i = 0; i < labels->n; i++) {
        found = found || is_reserved(labels->items[i].key, is_made);
    }
    if (found) {
        problems_add(p, INVALID("metadata.labels: creation of the following reserved kubevirt.io/ labels on a VMI "
                                "object is prohibited: created-by, migrationJobUID, nodeName, "
                                "migrationTargetNodeName, schedulable, install-strategy"));
    }
    if (str_map_get(annotations, HOOK_ANNOTATION)) {
        problems_add(p, INVALID("metadata.annotations." HOOK_ANNOTATION
                                " is not supported by this version of vmbridge: leave it out"));
    }
}
