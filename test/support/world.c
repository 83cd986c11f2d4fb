// The world: informers fed by hand.
#include "world.h"

#include "reconcile/vm/vm_plan.h"
#include "reconcile/vmi/pod_claim.h"
#include "reconcile/vmi/vmi_plan.h"

static void on_changed(void *arg, enum kind kind, const struct object *object, bool removed);
static json_t *object_json(const struct object *o);
static void apply_action(struct world *w, const struct action *a);
static void apply_merge(json_t *to, const json_t *patch);
static void remove_object(struct world *w, enum kind kind, const char *key);
static bool collect_key(void *arg, const struct object *o);

void
world_init(struct world *w)
{
    *w = (struct world){.version = 100, .now_s = 1767225600}; /* 2026-01-01T00:00:00Z */
    w->room = room_new();
    for (int k = 0; k < N_KINDS; k++) {
        w->informers[k] = informer_new_in(w->room, (enum kind)k, on_changed, NULL);
    }
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
    for (int k = 0; k < N_KINDS; k++) {
        informer_free(w->informers[k]);
    }
    room_free(w->room);
    launchers_free(w->launchers);
    foreign_free(w->foreign);
}

static enum kind
kind_of(const json_t *object)
{
    static const char *const names[N_KINDS] = {
        "VirtualMachine", "VirtualMachineInstance", "Pod", "PersistentVolumeClaim", "Service", "KubeVirt"};

    for (int k = 0; k < N_KINDS; k++) {
        if (str_eq(json_str(object, "kind"), names[k])) {
            return (enum kind)k;
        }
    }
    BUG_ON(true);
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

    set_if_absent(meta, "namespace", json_string("default"));
    set_if_absent(meta, "uid", json_string(uid));
    set_if_absent(meta, "generation", json_integer(1));
    set_if_absent(meta, "creationTimestamp", json_string("2026-01-01T00:00:00Z"));
    (void)json_object_set_new(meta, "resourceVersion", json_string(version));
    if (kind_of(copy) == KIND_POD && !pod_may_be_ours(&w->config.pod_key, copy)) {
        const json_t *owner = json_array_get(json_object_get(meta, "ownerReferences"), 0);
        AUTO(freep) char *key = xasprintf("%s/%s", json_str(meta, "namespace"), json_str(meta, "name"));
        (void)foreign_put(w->foreign, key, owner ? json_str(owner, "uid") : "");
    } else if (json_bool(copy, "hidden", false)) {
        (void)json_object_del(copy, "hidden");
        BUG_ON(!informer_found(w->informers[kind_of(copy)], copy));
    } else {
        informer_apply(w->informers[kind_of(copy)], copy, false, NULL);
    }
}

bool
world_plan(struct world *w, const char *key, struct arena *arena, struct plan *ret_plan)
{
    const char *slash = strchr(key, '/');
    const struct object *vm = store_get(world_store(w, KIND_VM), slash + 1);
    const struct object *vmi = store_get(world_store(w, KIND_VMI), slash + 1);
    const struct vmi_sources src = {world_store(w, KIND_POD),
                                    world_store(w, KIND_PVC),
                                    world_store(w, KIND_SERVICE),
                                    w->launchers,
                                    w->foreign,
                                    &w->config,
                                    w->n_waiting};
    struct vm_view vm_v;
    struct vmi_view vmi_v;
    struct err *e = NULL;

    if (str_starts(key, "vm/") && vm) {
        e = vm_view_make(arena, vm, vmi, w->now_s, 0, &vm_v);
        BUG_ON(e);
        vm_plan(&vm_v, ret_plan);
        return true;
    }
    if (str_starts(key, "vmi/") && vmi) {
        e = vmi_view_make(arena, &src, vmi, w->now_s, &vmi_v);
        BUG_ON(e);
        vmi_plan(&vmi_v, ret_plan);
        return true;
    }
    return false;
}

void
world_apply(struct world *w, const char *key, const struct plan *p)
{
    const char *slash = strchr(key, '/');
    enum kind kind = str_starts(key, "vm/") ? KIND_VM : KIND_VMI;

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
        (void)json_object_set_new(object, "kind",
                                  json_string(kind == KIND_VM ? "VirtualMachine" : "VirtualMachineInstance"));
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
        struct keys keys = {.prefix = "vm"};
        bool is_quiet = true;
        store_each(world_store(w, KIND_VM), collect_key, &keys);
        keys.prefix = "vmi";
        store_each(world_store(w, KIND_VMI), collect_key, &keys);
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

const struct store *
world_store(const struct world *w, enum kind kind)
{
    return informer_store(w->informers[kind]);
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
on_changed(void *arg, enum kind kind, const struct object *object, bool removed)
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
    bool is_vmi = a->kind == ACTION_CREATE_VMI || a->kind == ACTION_DELETE_VMI || a->kind == ACTION_PATCH_VMI ||
                  a->kind == ACTION_ADOPT_VMI || a->kind == ACTION_RELEASE_VMI;
    enum kind kind = is_vmi ? KIND_VMI : a->kind == ACTION_CREATE_PVC ? KIND_PVC : KIND_POD;
    const struct object *o = store_get(world_store(w, kind), key);

    if (a->kind == ACTION_SEEK_POD) {
        BUG_ON(o && (!a->uid || str_eq(o->uid, a->uid)) && !o->hidden); /* what is seen is not sought */
        return;
    }
    if (a->kind == ACTION_READ_WARNINGS) { /* nobody warns */
        const json_t *owner = NULL;
        AUTO(json_freep) json_t *pod = object_json(o);
        owner = json_array_get(json_at(pod, "metadata", "ownerReferences", NULL), 0);
        launchers_name(w->launchers, json_str(owner, "uid"), "default/a");
        (void)launchers_warned(w->launchers, json_str(owner, "uid"), NULL, w->now_s);
        return;
    }
    if (action_is_create(a->kind)) {
        BUG_ON(o); /* a second create of what is there */
        world_put(w, a->body);
        return;
    }
    BUG_ON(!o || !str_eq(o->uid, a->uid));
    AUTO(json_freep) json_t *object = object_json(o);
    json_t *meta = json_object_get(object, "metadata");
    (void)json_object_set_new(object, "kind", json_string(is_vmi ? "VirtualMachineInstance" : "Pod"));
    if (a->kind == ACTION_PATCH_VMI || a->kind == ACTION_ADOPT_VMI || a->kind == ACTION_PATCH_POD ||
        a->kind == ACTION_LABEL_POD) {
        apply_merge(object, a->body);
    } else if (a->kind == ACTION_RELEASE_VMI) { /* the cache knows of no others */
        (void)json_object_del(meta, "finalizers");
    } else if (is_vmi) {
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
remove_object(struct world *w, enum kind kind, const char *key)
{
    AUTO(json_freep) json_t *object = object_json(store_get(world_store(w, kind), key));

    informer_apply(w->informers[kind], object, true, NULL);
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
