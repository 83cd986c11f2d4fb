// The world: informers fed by hand.
#include "world.h"

#include "reconcile/sync.h"
#include "reconcile/vmi/pod_claim.h"

static void on_changed(void *arg, const struct kind *kind, const struct object *object, bool removed);
static json_t *object_json(const struct object *o);
static void apply_action(struct world *w, const struct action *a);
static void apply_merge(json_t *to, const json_t *patch);
static void remove_object(struct world *w, const struct kind *kind, const char *key);
static bool collect_key(void *arg, const struct object *o);

void
world_init(struct world *w)
{
    *w = (struct world){.version = 100, .now_s = 1767225600}; /* 2026-01-01T00:00:00Z */
    w->caches = caches_new(kinds, n_kinds, on_changed, NULL);
    w->launchers = launchers_new();
    w->foreign = foreign_new();
    w->config = (struct config){.launcher_image = "launcher:1",
                                .use_emulation = true,
                                .gateway = "vmbridge-gateway.vmbridge-system.svc:8443",
                                .gateway_name = "vmbridge-gateway.vmbridge-system.svc",
                                .gateway_pins = "PINS",
                                .ca_bundle = "PEM"};
}

void
world_fini(struct world *w)
{
    caches_free(w->caches);
    launchers_free(w->launchers);
    foreign_free(w->foreign);
}

static bool
bears_label(const json_t *object, const struct kind *kind)
{
    const json_t *labels = json_at(object, "metadata", "labels", NULL);

    return kind->label && str_eq(json_str(labels, kind->label), kind->label_value);
}

/* Of kinds that differ by their label alone, the one whose label the object bears, else the first. */
static const struct kind *
kind_of(const json_t *object)
{
    const struct kind *found = NULL;

    for (size_t i = 0; i < n_kinds; i++) {
        if (str_eq(json_str(object, "kind"), kinds[i]->kind)) {
            found = !found || bears_label(object, kinds[i]) ? kinds[i] : found;
        }
    }
    BUG_ON(!found);
    return found;
}

static const struct kind *
kind_of_key(const struct world *w, const char *key)
{
    return caches_kind_of(w->caches, key);
}

static void
set_if_absent(json_t *object, const char *key, json_t *value)
{
    if (json_object_get(object, key)) {
        json_decref(value);
    } else {
        BUG_ON(json_object_set_new(object, key, value) != 0);
    }
}

void
world_put(struct world *w, const json_t *object)
{
    AUTO(json_freep) json_t *copy = json_deep_copy(object);
    json_t *meta = json_object_get(copy, "metadata");
    AUTO(freep) char *uid = xasprintf("uid-of-%s", json_str(meta, "name"));
    AUTO(freep) char *version = xasprintf("%u", w->version++);

    if (!kind_of(copy)->is_cluster_scoped) {
        set_if_absent(meta, "namespace", json_string("default"));
    }
    set_if_absent(meta, "uid", json_string(uid));
    set_if_absent(meta, "generation", json_integer(1));
    set_if_absent(meta, "creationTimestamp", json_string("2026-01-01T00:00:00Z"));
    (void)json_object_set_new(meta, "resourceVersion", json_string(version));
    if (kind_of(copy) == &pod_kind && !pod_may_be_ours(&w->config.pod_key, copy)) {
        const json_t *owner = json_array_get(json_object_get(meta, "ownerReferences"), 0);
        AUTO(freep) char *key = xasprintf("%s/%s", json_str(meta, "namespace"), json_str(meta, "name"));
        (void)foreign_put(w->foreign, key, owner ? json_str(owner, "uid") : "");
    } else if (json_bool(copy, "hidden", false)) {
        (void)json_object_del(copy, "hidden");
        BUG_ON(!informer_found(world_informer(w, kind_of(copy)), copy));
    } else {
        informer_apply(world_informer(w, kind_of(copy)), copy, false, NULL);
    }
}

struct sources
world_sources(const struct world *w)
{
    return (struct sources){.caches = w->caches,
                            .launchers = w->launchers,
                            .foreign = w->foreign,
                            .config = &w->config,
                            .has_pod_key = true,
                            .config_version = 1,
                            .namespace = "vmbridge-system",
                            .version = "1",
                            .n_waiting = w->n_waiting};
}

bool
world_plan(struct world *w, const char *key, struct arena *arena, struct plan *ret_plan)
{
    const struct kind *kind = kind_of_key(w, key);
    const struct object *o = store_get(world_store(w, kind), strchr(key, '/') + 1);
    struct sync s = {.kind = kind, .arena = arena, .src = &w->src, .now_s = w->now_s};

    w->src = world_sources(w);
    if (!o || !kind->sync) {
        return false;
    }
    struct err *e = kind->sync(&s, o, ret_plan);
    BUG_ON(e);
    return true;
}

void
world_apply(struct world *w, const char *key, const struct plan *p)
{
    const char *slash = strchr(key, '/');
    const struct kind *kind = kind_of_key(w, key);

    for (size_t i = 0; i < p->n_actions; i++) {
        apply_action(w, &p->actions[i]);
    }
    const struct object *o = store_get(world_store(w, kind), slash + 1);
    if (!o || !p->status_new) {
        return;
    }
    AUTO(json_freep) json_t *none = json_object();
    AUTO(json_freep) json_t *diff = json_merge_diff(p->status_old ? p->status_old : none, p->status_new);
    if (diff) {
        AUTO(json_freep) json_t *object = object_json(o);
        AUTO(json_freep) json_t *patch = json_pack("{s:O}", "status", diff);
        apply_merge(object, patch);
        (void)json_object_set_new(object, "kind", json_string(kind->kind));
        world_put(w, object);
    }
}

struct keys {
    char *items[256];
    size_t n;
    const char *prefix;
};

unsigned
world_settle(struct world *w, unsigned max)
{
    for (unsigned round = 1; round <= max; round++) {
        struct keys keys = {0};
        bool is_quiet = true;
        for (size_t i = 0; i < n_kinds; i++) {
            keys.prefix = kinds[i]->name;
            if (kinds[i]->rules) {
                store_each(world_store(w, kinds[i]), collect_key, &keys);
            }
        }
        for (size_t i = 0; i < keys.n; i++) {
            AUTO(arena_freep) struct arena *a = arena_new(4 * 1024 * 1024);
            struct plan p = {0};
            if (world_plan(w, keys.items[i], a, &p) &&
                !(p.n_actions == 0 && (!p.status_new || json_equal(p.status_old, p.status_new)))) {
                is_quiet = false;
                world_apply(w, keys.items[i], &p);
            }
            free(keys.items[i]);
        }
        if (is_quiet) {
            return round;
        }
    }
    return max + 1;
}

struct informer *
world_informer(const struct world *w, const struct kind *kind)
{
    return caches_informer(w->caches, kind);
}

const struct store *
world_store(const struct world *w, const struct kind *kind)
{
    return caches_store(w->caches, kind);
}

static bool
collect_key(void *arg, const struct object *o)
{
    struct keys *k = arg;

    BUG_ON(k->n == ARRAY_LEN(k->items));
    k->items[k->n++] = xasprintf("%s/%s", k->prefix, o->key);
    return true;
}

static void
on_changed(void *arg, const struct kind *kind, const struct object *object, bool removed)
{
    (void)arg; /* the world is looked at whole */
    (void)kind;
    (void)object;
    (void)removed;
}

static json_t *
object_json(const struct object *o)
{
    json_t *j = NULL;
    struct err *e = object_parse(o, SIZE_MAX, &j);

    BUG_ON(e);
    return j;
}

static void
apply_action(struct world *w, const struct action *a)
{
    AUTO(freep) char *key = xasprintf("%s/%s", a->namespace, a->name);
    const struct kind *kind = a->kind;
    const struct object *o = store_get(world_store(w, kind), key);

    if (a->verb == VERB_SEEK) {
        BUG_ON(o && (!a->uid || str_eq(o->uid, a->uid)) && !o->hidden); /* what is seen is not sought */
        return;
    }
    if (a->verb == VERB_CONFIRM) {
        BUG_ON(!o || !str_eq(o->uid, a->uid));
        return;
    }
    if (a->verb == VERB_READ_EVENTS) { /* nobody warns */
        const json_t *owner = NULL;
        AUTO(json_freep) json_t *pod = object_json(o);
        owner = json_array_get(json_at(pod, "metadata", "ownerReferences", NULL), 0);
        launchers_name(w->launchers, json_str(owner, "uid"), "default/a");
        (void)launchers_warned(w->launchers, json_str(owner, "uid"), NULL, w->now_s);
        return;
    }
    if (a->verb == VERB_CREATE) {
        BUG_ON(o); /* a second create of what is there */
        world_put(w, a->body);
        return;
    }
    BUG_ON(!o || !str_eq(o->uid, a->uid));
    AUTO(json_freep) json_t *object = object_json(o);
    json_t *meta = json_object_get(object, "metadata");
    (void)json_object_set_new(object, "kind", json_string(kind->kind));
    if (a->verb == VERB_MERGE_PATCH || a->verb == VERB_APPLY) {
        apply_merge(object, a->body);
    } else if (a->verb == VERB_JSON_PATCH && kind == &node_capabilities_kind) {
        (void)json_object_set(object, "status", json_object_get(json_array_get(a->body, 0), "value"));
    } else if (a->verb == VERB_JSON_PATCH) { /* one of a list, and the cache knows of no others */
        (void)json_object_del(meta, str_eq(a->as, "release-vmi") ? "finalizers" : "ownerReferences");
    } else if (kind != &pod_kind) {
        (void)json_object_set_new(meta, "deletionTimestamp", json_string("2026-01-01T00:01:00Z"));
    } else { /* the kubelet of this world is quick */
        remove_object(w, kind, key);
        return;
    }
    bool is_going = json_object_get(meta, "deletionTimestamp") != NULL;
    if (is_going && json_array_size(json_object_get(meta, "finalizers")) == 0) {
        remove_object(w, kind, key);
        return;
    }
    world_put(w, object);
}

static void
remove_object(struct world *w, const struct kind *kind, const char *key)
{
    AUTO(json_freep) json_t *object = object_json(store_get(world_store(w, kind), key));

    informer_apply(world_informer(w, kind), object, true, NULL);
}

static void
apply_merge(json_t *to, const json_t *patch)
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)patch, key, value) {
        json_t *old = json_object_get(to, key);
        if (json_is_null(value)) {
            (void)json_object_del(to, key);
        } else if (json_is_object(value)) {
            if (!json_is_object(old)) {
                (void)json_object_set_new(to, key, json_object());
                old = json_object_get(to, key);
            }
            apply_merge(old, value);
        } else {
            (void)json_object_set(to, key, value);
        }
    }
}
