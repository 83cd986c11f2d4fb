// Reading by hand what must be readable whatever else there is.
#include "reconcile/header_view.h"

#include "base/clock.h"

enum { LABELS_MAX = 16, FINALIZERS_MAX = 16 };

static int64_t
time_at(const json_t *meta, const char *key)
{
    const char *text = json_str(meta, key);
    int64_t at_s = 0;

    return text && clock_parse(text, &at_s) ? at_s : 0;
}

static struct owner_list
owner_of(struct arena *a, const json_t *meta)
{
    const json_t *ref = json_array_get(json_object_get(meta, "ownerReferences"), 0); /* the cache keeps one */
    struct owner_list l = {.items = ARENA_NEW(a, struct owner)};

    if (ref) {
        l.items[l.n++] = (struct owner){.api_version = json_str(ref, "apiVersion"),
                                        .kind = json_str(ref, "kind"),
                                        .name = json_str(ref, "name"),
                                        .uid = json_str(ref, "uid"),
                                        .controller = TRI_TRUE};
    }
    return l;
}

static struct str_map
labels_of(struct arena *a, const json_t *meta)
{
    struct str_map m = {.items = ARENA_NEW_N(a, struct str_pair, LABELS_MAX)};
    const char *key;
    json_t *value;

    json_object_foreach(json_object_get(meta, "labels"), key, value) {
        if (json_is_string(value) && m.n < LABELS_MAX) {
            m.items[m.n++] = (struct str_pair){.key = key, .value = json_string_value(value)};
        }
    }
    return m;
}

static struct str_list
finalizers_of(struct arena *a, const json_t *meta)
{
    struct str_list l = {.items = ARENA_NEW_N(a, const char *, FINALIZERS_MAX)};
    size_t i;
    json_t *finalizer;

    json_array_foreach(json_object_get(meta, "finalizers"), i, finalizer) {
        if (json_is_string(finalizer) && l.n < FINALIZERS_MAX) {
            l.items[l.n++] = json_string_value(finalizer);
        }
    }
    return l;
}

struct meta
header_meta(struct arena *a, const struct object *o, const json_t *j)
{
    const json_t *meta = json_object_get(j, "metadata");
    const char *name = strchr(o->key, '/') + 1;

    return (struct meta){.name = arena_strdup(a, name),
                         .namespace = arena_strndup(a, o->key, (size_t)(name - o->key) - 1),
                         .uid = arena_strdup(a, o->uid), /* a plan outlives the next change of the object */
                         .resource_version = arena_strdup(a, o->resource_version),
                         .generation = json_int(meta, "generation", 0),
                         .creation_s = time_at(meta, "creationTimestamp"),
                         .deletion_s = time_at(meta, "deletionTimestamp"),
                         .labels = labels_of(a, meta),
                         .finalizers = finalizers_of(a, meta),
                         .owners = owner_of(a, meta)};
}

enum run_strategy
header_strategy(const json_t *j)
{
    const json_t *spec = json_object_get(j, "spec");
    const json_t *running = json_object_get(spec, "running");
    const char *name = json_str(spec, "runStrategy");
    int value = RUN_MANUAL;

    if (!str_empty(name)) {
        return enum_find(run_strategy_names, name, &value) ? (enum run_strategy)value : RUN_MANUAL;
    }
    if (!json_is_boolean(running)) {
        return RUN_MANUAL;
    }
    return json_is_true(running) ? RUN_ALWAYS : RUN_HALTED;
}

void
header_vm(struct arena *a, const struct object *o, const json_t *j, struct vm *ret_vm)
{
    AUTO(err_freep) struct err *e = api_decode(&vm_header_type, j, a, ret_vm);

    if (e) {
        *ret_vm = (struct vm){0};
    }
    ret_vm->meta = header_meta(a, o, j);
}

void
header_vmi(struct arena *a, const struct object *o, const json_t *j, struct vmi *ret_vmi)
{
    AUTO(err_freep) struct err *e = api_decode(&vmi_header_type, j, a, ret_vmi);

    if (e) {
        *ret_vmi = (struct vmi){0};
    }
    ret_vmi->meta = header_meta(a, o, j);
}

const char *
header_why(struct arena *a, const struct object *o, const struct err *e)
{
    return o->why ? arena_printf(a, "the object cannot be used: %s", o->why) : arena_strdup(a, err_text(e));
}
