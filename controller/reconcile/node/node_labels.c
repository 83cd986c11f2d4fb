// The labels as they should be, and null for each of ours that should not be there.
#include "reconcile/node/node_labels.h"

#include "api/rules/names.h"

static const char *const ours[] = {NODE_CPU_MODEL_LABEL, NODE_CPU_FEATURE_LABEL, NODE_HOST_MODEL_LABEL,
                                   NODE_MACHINE_LABEL};

static bool
is_ours(const char *key)
{
    for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
        if (str_starts(key, ours[i])) {
            return true;
        }
    }
    return str_eq(key, NODE_SCHEDULABLE_LABEL);
}

static void
set_label(json_t *labels, const char *key, json_t *value)
{
    BUG_ON(json_object_set_new(labels, key, value) != 0);
}

static void
add_names(json_t *labels, const char *prefix, const struct str_list *names, size_t max)
{
    for (size_t i = 0; i < names->n && i < max; i++) {
        AUTO(freep) char *key = xasprintf("%s%s", prefix, names->items[i]);
        if (is_label_name(names->items[i])) { /* libvirt has names with other signs for other processors */
            set_label(labels, key, json_string("true"));
        }
    }
}

static json_t *
wanted(const struct domain_capabilities *c)
{
    json_t *labels = json_object();

    if (!c) {
        return labels;
    }
    const struct str_list host = {.items = (const char *[]){c->host_model ? c->host_model : ""}, .n = 1};
    set_label(labels, NODE_SCHEDULABLE_LABEL, json_string("true"));
    add_names(labels, NODE_HOST_MODEL_LABEL, &host, 1);
    add_names(labels, NODE_CPU_MODEL_LABEL, &c->cpu_models, NODE_MODELS_MAX);
    add_names(labels, NODE_CPU_FEATURE_LABEL, &c->cpu_features, NODE_FEATURES_MAX);
    add_names(labels, NODE_MACHINE_LABEL, &c->machine_types, NODE_MACHINES_MAX);
    return labels;
}

const json_t *
node_labels_patch(struct arena *a, const struct str_map *have, const struct domain_capabilities *c)
{
    AUTO(json_freep) json_t *want = wanted(c);
    json_t *patch = json_in_arena(a, json_object());
    const char *key;
    json_t *value;

    json_object_foreach(want, key, value) {
        if (!str_eq(str_map_get(have, key), json_string_value(value))) {
            set_label(patch, key, json_incref(value));
        }
    }
    for (size_t i = 0; i < have->n; i++) {
        if (is_ours(have->items[i].key) && !json_object_get(want, have->items[i].key)) {
            set_label(patch, have->items[i].key, json_null());
        }
    }
    return json_object_size(patch) > 0 ? json_in_arena(a, json_pack("{s:{s:O}}", "metadata", "labels", patch)) : NULL;
}
