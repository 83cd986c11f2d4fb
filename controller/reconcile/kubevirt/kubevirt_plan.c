// Status of the configuration object: Deployed, and which generation is in force.
#include "reconcile/kubevirt/kubevirt_plan.h"

void
kubevirt_plan(struct arena *a, const struct kubevirt *k, const char *version, int64_t now_s, struct plan *ret_plan)
{
    static const struct condition wishes[] = {
        {.type = "Available", .status = "True", .reason = "AllComponentsReady", .message = "All components are ready."},
        {.type = "Progressing", .status = "False", .reason = "AllComponentsReady", .message = "All components are ready."},
        {.type = "Degraded", .status = "False", .reason = "AllComponentsReady", .message = "All components are ready."},
    };
    struct kubevirt now = *k;

    *ret_plan = (struct plan){.arena = a, .rule = "configuration"};
    now.status.phase = "Deployed";
    now.status.observed_version = version;
    now.status.observed_generation = (struct opt_int){.set = true, .v = k->meta.generation};
    now.status.conditions = (struct condition_list){0};
    for (size_t i = 0; i < ARRAY_LEN(wishes); i++) {
        condition_set(a, &now.status.conditions, &k->status.conditions, &wishes[i], now_s);
    }
    json_t *old_all = json_in_arena(a, api_encode(&kubevirt_type, k));
    json_t *new_all = json_in_arena(a, api_encode(&kubevirt_type, &now));
    ret_plan->status_old = json_object_get(old_all, "status");
    ret_plan->status_new = json_object_get(new_all, "status");
}
