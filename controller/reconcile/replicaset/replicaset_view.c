// Of each instance a few values are read, and let go at once: a set may have thousands.
#include "reconcile/replicaset/replicaset_view.h"

#include "api/rules/identity.h"
#include "api/rules/selector.h"
#include "api/rules/validate.h"
#include "base/clock.h"
#include "reconcile/header_view.h"

enum { OBJECT_MAX = 4 * 1024 * 1024, FIRST_SIZE = 16 };

/* What is read of an instance: most of it is its spec. */
static const char *const replica_paths[] = {"metadata.labels",
                                            "metadata.creationTimestamp",
                                            "metadata.deletionTimestamp",
                                            "status.phase",
                                            "status.conditions",
                                            "status.phaseTransitionTimestamps",
                                            NULL};

struct gather {
    struct replicaset_view *v;
    struct arena *arena; /* of the instance at hand */
    size_t size;
    bool wants_orphans;
};

static void gather_set(struct replicaset_view *v, const struct object *set);
static const char *what_is_invalid(const struct replicaset_view *v);
static void gather_orphans(struct gather *g, const struct store *vmis);
static void count_replicas(struct replicaset_view *v);
static void gather_names(struct replicaset_view *v, const struct store *vmis);
static bool gather_replica(void *arg, const struct object *vmi);
static struct replica replica_read(struct gather *g, const struct object *vmi, const json_t *j);

void
replicaset_view_make(struct arena *a, const struct store *vmis, const struct object *set, int64_t now_s,
                     struct replicaset_view *ret_view)
{
    struct replicaset_view v = {.arena = a, .now_s = now_s};
    AUTO(arena_freep) struct arena *scratch = arena_new(OBJECT_MAX);
    struct gather g = {.v = &v, .arena = scratch};

    gather_set(&v, set);
    store_each_about(vmis, v.set.meta.namespace, v.set.meta.uid, gather_replica, &g);
    if (!v.invalid) {
        gather_orphans(&g, vmis);
    }
    count_replicas(&v);
    gather_names(&v, vmis);
    *ret_view = v;
}

bool
replica_is_active(const struct replica *r)
{
    return r->is_ours && !r->is_going && !r->is_final;
}

static void
gather_set(struct replicaset_view *v, const struct object *set)
{
    json_t *j = NULL;
    AUTO(err_freep) struct err *e = object_parse(set, OBJECT_MAX, &j);

    if (!e) {
        json_in_arena(v->arena, j);
    }
    v->status_lost = object_lost_status(j);
    if (!e && !set->why) {
        e = api_decode(&replicaset_type, j, v->arena, &v->set);
    }
    if (e || set->why) {
        AUTO(err_freep) struct err *bad = api_decode(&replicaset_header_type, j, v->arena, &v->set);
        if (bad) {
            v->set = (struct replicaset){0};
        }
        v->set.meta = header_meta(v->arena, set, j);
        v->is_header = true;
        v->invalid = header_why(v->arena, set, e);
        return;
    }
    v->invalid = what_is_invalid(v);
    v->n_wanted = v->set.spec.replicas.set ? (size_t)v->set.spec.replicas.v : 1;
}

/* Its template is one of a machine, at the same place. */
static const char *
what_is_invalid(const struct replicaset_view *v)
{
    const struct replicaset_spec *s = &v->set.spec;
    const struct vm_spec machine = {.template = s->template};
    const char *problem = selector_problem(&s->selector, v->arena);
    AUTO(err_freep) struct err *bad = vm_spec_validate(&machine, v->arena);

    if (problem) {
        return arena_printf(v->arena, "spec.selector%s%s", problem[0] == '.' ? "" : " ", problem);
    }
    if (!selector_fits(&s->selector, &s->template.labels)) {
        return "spec.selector: selector does not match labels. Give spec.template.metadata.labels what it selects";
    }
    return bad ? arena_strdup(v->arena, err_text(bad)) : NULL;
}

/* Looked up by one of the labels, when there is one that has a value. */
static void
gather_orphans(struct gather *g, const struct store *vmis)
{
    const struct replicaset *set = &g->v->set;
    const struct str_map *labels = &set->spec.selector.match_labels;

    g->wants_orphans = true;
    if (labels->n == 0) {
        store_each_in(vmis, set->meta.namespace, gather_replica, g);
        return;
    }
    AUTO(freep) char *word = xasprintf("%s=%s", labels->items[0].key, labels->items[0].value);
    store_each_hinted(vmis, set->meta.namespace, word, gather_replica, g);
}

/* A place is kept for as many failed ones as there is room for beside those that run. */
static void
count_replicas(struct replicaset_view *v)
{
    for (size_t i = 0; i < v->n; i++) {
        v->n_active += replica_is_active(&v->replicas[i]);
        v->n_ready += replica_is_active(&v->replicas[i]) && v->replicas[i].is_ready;
    }
    for (size_t i = 0; i < v->n; i++) {
        struct replica *r = &v->replicas[i];
        r->is_waiting = r->waits_s > 0 && r->is_ours && !r->is_going && v->n_active + v->n_waiting < v->n_wanted;
        if (r->is_waiting) {
            v->n_waiting++;
            v->waiting = !v->waiting || r->waits_s < v->waiting->waits_s ? r : v->waiting;
        }
    }
}

/* The first ones that are free. One that is being deleted keeps its name till it is gone. */
static void
gather_names(struct replicaset_view *v, const struct store *vmis)
{
    const struct meta *set = &v->set.meta;
    size_t n_had = v->n_active + v->n_waiting;
    size_t n = v->n_wanted > n_had && !v->invalid ? v->n_wanted - n_had : 0;

    n = n > REPLICAS_AT_ONCE ? REPLICAS_AT_ONCE : n;
    v->free_names = ARENA_NEW_N(v->arena, const char *, REPLICAS_AT_ONCE);
    for (size_t ordinal = 0; v->n_free_names < n; ordinal++) {
        const char *name = identity_replica_name(v->arena, set->name, set->uid, ordinal);
        AUTO(freep) char *key = xasprintf("%s/%s", set->namespace, name);
        if (!store_get(vmis, key)) {
            v->free_names[v->n_free_names++] = name;
        }
    }
}

static void
add_replica(struct gather *g, const struct replica *r)
{
    struct replicaset_view *v = g->v;

    if (v->n == g->size) {
        g->size = g->size > 0 ? 2 * g->size : FIRST_SIZE;
        struct replica *more = ARENA_NEW_N(v->arena, struct replica, g->size);
        if (v->n > 0) {
            memcpy(more, v->replicas, v->n * sizeof(*more));
        }
        v->replicas = more;
    }
    v->replicas[v->n++] = *r;
}

static bool
gather_replica(void *arg, const struct object *vmi)
{
    struct gather *g = arg;
    AUTO(json_freep) json_t *j = NULL;

    if (g->wants_orphans && (!str_empty(vmi->owner_uid) || vmi->why)) {
        return true;
    }
    AUTO(err_freep) struct err *e = object_part(vmi, replica_paths, &j);
    const struct replica r = replica_read(g, vmi, j);
    if (!e && (r.is_ours || r.is_selected)) {
        add_replica(g, &r);
    }
    arena_reset(g->arena);
    return !arena_is_over(g->v->arena);
}

/* How much longer one that failed keeps its place; 0: it does not, or has run. */
static int64_t
waits_s(const json_t *status, int64_t now_s)
{
    const json_t *phases = json_object_get(status, "phaseTransitionTimestamps");
    const char *failed = json_str(json_find(phases, "phase", "Failed"), "phaseTransitionTimestamp");
    int64_t failed_s;

    if (!str_eq(json_str(status, "phase"), "Failed") || json_find(phases, "phase", "Running") || !failed ||
        !clock_parse(failed, &failed_s) || now_s < failed_s || now_s - failed_s >= REPLICA_FAILED_WAIT_S) {
        return 0;
    }
    return REPLICA_FAILED_WAIT_S - (now_s - failed_s);
}

static bool
is_selected(struct gather *g, const json_t *meta)
{
    const json_t *labels = json_object_get(meta, "labels");
    struct str_map map = {.items = ARENA_NEW_N(g->arena, struct str_pair, json_object_size(labels) + 1)};
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)labels, key, value) {
        if (json_is_string(value)) {
            map.items[map.n++] = (struct str_pair){key, json_string_value(value)};
        }
    }
    return selector_fits(&g->v->set.spec.selector, &map);
}

static struct replica
replica_read(struct gather *g, const struct object *vmi, const json_t *j)
{
    const struct meta meta = header_meta(g->arena, vmi, j);
    const json_t *status = json_object_get(j, "status");
    const char *phase = json_str(status, "phase");
    const json_t *ready = json_find(json_object_get(status, "conditions"), "type", "Ready");
    struct arena *a = g->v->arena;
    struct replica r = {.is_ours = !g->wants_orphans,
                        .is_selected = vmi->why || g->v->invalid || is_selected(g, json_object_get(j, "metadata")),
                        .is_going = vmi->expects_deletion || meta.deletion_s != 0,
                        .is_final = str_eq(phase, "Succeeded") || str_eq(phase, "Failed"),
                        .is_ready = str_eq(json_str(ready, "status"), "True"),
                        .waits_s = waits_s(status, g->v->now_s)};

    if (r.is_ours || r.is_selected) {
        r.meta = (struct meta){.namespace = g->v->set.meta.namespace,
                               .name = arena_strdup(a, meta.name),
                               .uid = arena_strdup(a, meta.uid),
                               .creation_s = meta.creation_s};
    }
    if (r.waits_s > 0 && json_str(ready, "message")) {
        r.failed = arena_strdup(a, json_str(ready, "message"));
    }
    return r;
}
