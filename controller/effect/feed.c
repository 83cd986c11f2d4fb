// What the watches say goes into the caches, and what that changes into the queue: which source starts when, which key is due.
#include "api/kinds/instance.h"
#include "base/clock.h"
#include "cache/cut.h"
#include "cache/related.h"
#include "effect/api_path.h"
#include "effect/reconciler_priv.h"
#include "reconcile/vmi/pod_claim.h"
#include "reconcile/vmi/vmi_view.h"

#include <malloc.h>

static void source_start(struct source *s);
static void watch_begin(void *arg);
static void watch_object(void *arg, enum watch_event event, const json_t *object, const char *why);
static void watch_synced(void *arg);
static bool foreign_pod(struct reconciler *r, const json_t *pod, bool removed);
static void foreign_gone(void *arg, const char *pod_key, const char *subject);
static void on_changed(void *arg, enum kind kind, const struct object *object, bool removed);
static bool can_look(const struct reconciler *r, enum kind kind);
static void emit_key(void *arg, const char *key);
static void emit_beginning(void *arg, const char *key);
static void give_back(uv_timer_t *timer);
static void enqueue_kind(struct reconciler *r, enum kind kind);
static bool is_begun(const struct reconciler *r, enum kind kind, const struct object *object);

struct vmi_search {
    const char *uid;
    const struct object *found;
};

static const struct watch_sink sink = {.begin = watch_begin, .object = watch_object, .synced = watch_synced};
static const struct log lg = {.part = "reconcile"};

/* The caches that a look at an object of a kind reads: it waits until those are whole, and for no other. 0: the kind has no looks. */
#define KIND_BIT(kind) (1U << (kind))
static const unsigned look_reads[N_KINDS] = {
    [KIND_KUBEVIRT] = KIND_BIT(KIND_KUBEVIRT),
    [KIND_VM] = KIND_BIT(KIND_KUBEVIRT) | KIND_BIT(KIND_VM) | KIND_BIT(KIND_VMI),
    [KIND_VMI] = KIND_BIT(N_KINDS) - 1,
};

void
feed_start(struct reconciler *r)
{
    for (int k = 0; k < N_KINDS; k++) {
        r->sources[k] = (struct source){.r = r, .kind = (enum kind)k};
        r->informers[k] = informer_new_in(r->room, (enum kind)k, on_changed, r);
    }
    /* Machines first: what is decided about them waits for nothing else, and pods are the largest part. */
    source_start(&r->sources[KIND_KUBEVIRT]);
    source_start(&r->sources[KIND_VM]);
    source_start(&r->sources[KIND_VMI]);
}

static void
source_start(struct source *s)
{
    if (s->watch) {
        return;
    }
    const struct watch_spec spec = {.path = api_path_all(s->kind),
                                    .resource = api_resource(s->kind),
                                    .label_selector =
                                        s->kind == KIND_POD ? LAUNCHER_LABEL "=" LAUNCHER_LABEL_VALUE : NULL,
                                    .parts = cut_parts(s->kind)};
    s->watch = watch_new(s->r->kube, &spec, &sink, s);
}

static void
watch_begin(void *arg)
{
    const struct source *s = arg;

    informer_begin(s->r->informers[s->kind]);
    if (s->kind == KIND_POD) {
        foreign_mark(s->r->foreign);
    }
}

static void
watch_object(void *arg, enum watch_event event, const json_t *object, const char *why)
{
    const struct source *s = arg;

    if (s->kind == KIND_POD && !foreign_pod(s->r, object, event == WATCH_DELETED)) {
        return;
    }
    informer_apply(s->r->informers[s->kind], object, event == WATCH_DELETED, why);
}

/* The instance that a pod claims by any of its owner references, whether it controls the pod or not; NULL: none. */
static const json_t *
claimed(const json_t *pod)
{
    size_t i;
    json_t *owner;

    json_array_foreach(json_at(pod, "metadata", "ownerReferences", NULL), i, owner) {
        if (str_eq(json_str(owner, "kind"), "VirtualMachineInstance") && json_str(owner, "name") &&
            json_str(owner, "uid")) {
            return owner;
        }
    }
    return NULL;
}

static bool
vmi_is(void *arg, const struct object *vmi)
{
    struct vmi_search *search = arg;

    if (str_eq(vmi->uid, search->uid)) {
        search->found = vmi;
    }
    return !search->found;
}

/* 'name' may be another one's, or NULL. */
static void
feed_subject(struct reconciler *r, const char *namespace, const char *name, const char *uid)
{
    const struct store *vmis = informer_store(r->informers[KIND_VMI]);
    AUTO(freep) char *hint = xasprintf("%s/%s", namespace, name ? name : "");
    struct vmi_search search = {.uid = uid, .found = store_get(vmis, hint)};

    if (!search.found || !str_eq(search.found->uid, uid)) {
        search.found = NULL;
        store_each_in(vmis, namespace, vmi_is, &search);
    }
    if (search.found) {
        AUTO(freep) char *key = related_key(KIND_VMI, search.found->key);
        feed_key(r, key);
    }
}

static void
foreign_gone(void *arg, const char *pod_key, const char *subject)
{
    AUTO(freep) char *namespace = xstrndup(pod_key, strcspn(pod_key, "/"));

    feed_subject(arg, namespace, NULL, subject);
}

/* The instance that it claims has noted its UID: it was made by a version that named pods otherwise. */
static bool
is_recorded(const struct reconciler *r, const char *namespace, const json_t *owner, const char *uid)
{
    AUTO(freep) char *key = xasprintf("%s/%s", namespace, owner ? json_str(owner, "name") : "");
    const struct object *vmi = store_get(informer_store(r->informers[KIND_VMI]), key);
    AUTO(arena_freep) struct arena *arena = arena_new(PASS_ARENA_MAX);

    return vmi && uid && vmi_view_records(arena, vmi, uid);
}

/* False: the pod is none that the controller can have made, and is only noted. */
static bool
foreign_pod(struct reconciler *r, const json_t *pod, bool removed)
{
    const json_t *meta = json_object_get(pod, "metadata");
    const char *namespace = json_str(meta, "namespace");
    const char *name = json_str(meta, "name");
    const json_t *owner = claimed(pod);

    if (!namespace || !name) {
        return false;
    }
    AUTO(freep) char *key = xasprintf("%s/%s", namespace, name);
    bool is_foreign = !removed && !pod_may_be_ours(r->has_pod_key ? &r->pod_key : NULL, pod) &&
                      !is_recorded(r, namespace, owner, json_str(meta, "uid"));
    const char *subject = owner ? json_str(owner, "uid") : "";
    AUTO(freep) char *left = is_foreign ? NULL : foreign_remove(r->foreign, key);
    if (left || (is_foreign && foreign_put(r->foreign, key, subject))) {
        feed_subject(r, namespace, owner ? json_str(owner, "name") : NULL, left ? left : subject);
    }
    return !is_foreign;
}

void
feed_pods_again(struct reconciler *r)
{
    struct source *s = &r->sources[KIND_POD];

    if (s->watch) {
        watch_close(s->watch);
        s->watch = NULL;
        informer_restart(r->informers[KIND_POD]);
        source_start(s);
    }
}

static void
watch_synced(void *arg)
{
    const struct source *s = arg;
    struct reconciler *r = s->r;
    bool was_synced = informer_is_synced(r->informers[s->kind]);

    informer_synced(r->informers[s->kind]);
    if (s->kind == KIND_POD) {
        foreign_sweep(r->foreign, foreign_gone, r);
    }
    if (was_synced) {
        return;
    }
    if (can_look(r, KIND_VM)) {
        for (int k = 0; k < N_KINDS; k++) {
            source_start(&r->sources[k]);
        }
    }
    if (reconciler_is_synced(r)) {
        log_info(&lg, "caches are whole", F_I64("vms", store_count(informer_store(r->informers[KIND_VM]))),
                 F_I64("vmis", store_count(informer_store(r->informers[KIND_VMI]))));
    }
    for (int k = 0; k < N_KINDS; k++) {
        if (look_reads[k] & KIND_BIT(s->kind)) { /* those that waited for this one */
            enqueue_kind(r, (enum kind)k);
        }
    }
}

/* A launcher's word counts no longer than its pod and its instance do. */
static void
tell_pod_changed(struct reconciler *r, enum kind kind, const struct object *object, bool is_gone)
{
    const struct launcher *l = kind == KIND_VMI ? launchers_get(r->launchers, object->uid) : NULL;
    const char *pod_uid = kind == KIND_POD ? object->uid : l ? l->pod_uid : NULL;

    if (pod_uid && r->options.pod_changed) {
        AUTO(freep) char *uid = xstrdup(pod_uid); /* the entry may change meanwhile */
        r->options.pod_changed(r->options.arg, uid, is_gone);
    }
}

static void
on_changed(void *arg, enum kind kind, const struct object *object, bool removed)
{
    struct reconciler *r = arg;

    feed_news(r, object->why ? LARGE_NEWS : 1);
    if (object->wanted_bytes > 0 && !removed) {
        refetch_wanted(r);
    }
    if (kind == KIND_KUBEVIRT) {
        reconciler_config(r);
    }
    tell_pod_changed(r, kind, object, removed);
    if (kind == KIND_VMI && removed) {
        launchers_remove(r->launchers, object->uid);
    }
    related_keys(kind, object, informer_store(r->informers[KIND_VMI]), kind == KIND_VM ? emit_beginning : emit_key, r);
}

static bool
can_look(const struct reconciler *r, enum kind kind)
{
    for (int k = 0; k < N_KINDS; k++) {
        if ((look_reads[kind] & KIND_BIT(k)) && !informer_is_synced(r->informers[k])) {
            return false;
        }
    }
    return true;
}

static void
emit(struct reconciler *r, const char *key, enum queue_class class)
{
    if (r->leads && can_look(r, related_kind(key))) {
        queue_add(r->queue, key, class, clock_mono_ms(), 0);
        reconciler_wake(r);
    }
}

void
feed_key(struct reconciler *r, const char *key)
{
    emit(r, key, QUEUE_UNDER_WAY);
}

static void
emit_key(void *arg, const char *key)
{
    feed_key(arg, key);
}

static void
emit_beginning(void *arg, const char *key)
{
    emit(arg, key, QUEUE_BEGINNING);
}

/* What a burst of news needed lies in holes, which malloc alone keeps. */
void
feed_news(struct reconciler *r, size_t n)
{
    r->n_news += n;
    if (r->n_news >= GIVE_BACK_NEWS && !uv_is_active((uv_handle_t *)&r->give_back)) {
        BUG_ON(uv_timer_start(&r->give_back, give_back, GIVE_BACK_MS, 0) != 0);
    }
}

static void
give_back(uv_timer_t *timer)
{
    struct reconciler *r = CONTAINER_OF(timer, struct reconciler, give_back);

    r->n_news = 0;
    (void)malloc_trim(0); /* whether there was anything does not matter */
}

static bool
enqueue_object(void *arg, const struct object *object)
{
    const struct source *s = arg;
    AUTO(freep) char *key = related_key(s->kind, object->key);

    emit(s->r, key, is_begun(s->r, s->kind, object) ? QUEUE_AT_REST : QUEUE_BEGINNING);
    return true;
}

static bool
found(void *arg, const struct object *object)
{
    (void)object; /* there is one */
    *(bool *)arg = true;
    return false;
}

/* What follows from the object is there: most likely a look at it finds nothing to do. */
static bool
is_begun(const struct reconciler *r, enum kind kind, const struct object *object)
{
    const char *name = strchr(object->key, '/') + 1;
    AUTO(freep) char *namespace = xstrndup(object->key, (size_t)(name - object->key) - 1);
    bool is_there = false;

    if (kind == KIND_VM) {
        return store_get(informer_store(r->informers[KIND_VMI]), object->key);
    }
    if (kind == KIND_VMI) {
        store_each_about(informer_store(r->informers[KIND_POD]), namespace, name, found, &is_there);
    }
    return is_there;
}

static void
enqueue_kind(struct reconciler *r, enum kind kind)
{
    if (r->leads && can_look(r, kind)) { /* else each would be dropped one by one */
        store_each(informer_store(r->informers[kind]), enqueue_object, &r->sources[kind]);
    }
}

void
feed_all(struct reconciler *r)
{
    for (int k = 0; k < N_KINDS; k++) {
        if (look_reads[k]) {
            enqueue_kind(r, (enum kind)k);
        }
    }
}
