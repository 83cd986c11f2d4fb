// The pod's name tells the instance; its owner does of pods that versions without a key named.
#include "reconcile/vmi/launcher_pods.h"

#include "reconcile/pod/pod_kind.h"
#include "reconcile/vmi/pod_claim.h"
#include "reconcile/vmi/vmi_kind.h"
#include "reconcile/vmi/vmi_view.h"

enum { ARENA_MAX = 4 * 1024 * 1024 };

struct search {
    const char *uid;
    const struct object *found;
};

struct told {
    const struct sources *src;
    arrow_emit_fn *emit;
    void *arg;
};

static const struct store *
instances(const struct sources *src)
{
    return caches_store(src->caches, &vmi_kind);
}

/* The instance that a pod claims by any of its owner references, whether it controls the pod or not; NULL: none. */
static const json_t *
claimed(const json_t *pod)
{
    size_t i;
    json_t *owner;

    json_array_foreach(json_at(pod, "metadata", "ownerReferences", NULL), i, owner) {
        if (str_eq(json_str(owner, "kind"), vmi_kind.kind) && json_str(owner, "name") && json_str(owner, "uid")) {
            return owner;
        }
    }
    return NULL;
}

static bool
vmi_is(void *arg, const struct object *vmi)
{
    struct search *search = arg;

    if (str_eq(vmi->uid, search->uid)) {
        search->found = vmi;
    }
    return !search->found;
}

/* 'name' may be another one's, or NULL. */
static void
emit_subject(const struct told *t, const char *namespace, const char *name, const char *uid)
{
    const struct store *vmis = instances(t->src);
    AUTO(freep) char *hint = xasprintf("%s/%s", namespace, name ? name : "");
    struct search search = {.uid = uid, .found = store_get(vmis, hint)};

    if (!search.found || !str_eq(search.found->uid, uid)) {
        search.found = NULL;
        store_each_in(vmis, namespace, vmi_is, &search);
    }
    if (search.found) {
        t->emit(t->arg, &vmi_kind, search.found->key);
    }
}

static void
foreign_gone(void *arg, const char *pod_key, const char *subject)
{
    AUTO(freep) char *namespace = xstrndup(pod_key, strcspn(pod_key, "/"));

    emit_subject(arg, namespace, NULL, subject);
}

void
launcher_pods_begin(const struct sources *src)
{
    foreign_mark(src->foreign);
}

void
launcher_pods_synced(const struct sources *src, arrow_emit_fn *emit, void *arg)
{
    struct told t = {.src = src, .emit = emit, .arg = arg};

    foreign_sweep(src->foreign, foreign_gone, &t);
}

/* The instance that it claims has noted its UID: it was made by a version that named pods otherwise. */
static bool
is_recorded(const struct sources *src, const char *namespace, const json_t *owner, const char *uid)
{
    AUTO(freep) char *key = xasprintf("%s/%s", namespace, owner ? json_str(owner, "name") : "");
    const struct object *vmi = store_get(instances(src), key);
    AUTO(arena_freep) struct arena *arena = arena_new(ARENA_MAX);

    return vmi && uid && vmi_view_records(arena, vmi, uid);
}

bool
launcher_pods_admit(const struct sources *src, const json_t *pod, bool removed, arrow_emit_fn *emit, void *arg)
{
    const struct told t = {.src = src, .emit = emit, .arg = arg};
    const json_t *meta = json_object_get(pod, "metadata");
    const char *namespace = json_str(meta, "namespace");
    const char *name = json_str(meta, "name");
    const json_t *owner = claimed(pod);

    if (!namespace || !name) {
        return false;
    }
    AUTO(freep) char *key = xasprintf("%s/%s", namespace, name);
    bool is_foreign = !removed && !pod_may_be_ours(src->has_pod_key ? &src->config->pod_key : NULL, pod) &&
                      !is_recorded(src, namespace, owner, json_str(meta, "uid"));
    const char *subject = owner ? json_str(owner, "uid") : "";
    AUTO(freep) char *left = is_foreign ? NULL : foreign_remove(src->foreign, key);
    if (left || (is_foreign && foreign_put(src->foreign, key, subject))) {
        emit_subject(&t, namespace, owner ? json_str(owner, "name") : NULL, left ? left : subject);
    }
    return !is_foreign;
}

static const struct object *
vmi_of_pod(const struct sources *src, const char *namespace, const struct object *pod)
{
    char stem[POD_STEM_SIZE];
    bool has_stem = identity_stem_of_pod(strchr(pod->key, '/') + 1, stem);
    AUTO(freep) char *key = xasprintf("%s/%s", namespace, has_stem ? stem : pod->owner_name);
    const struct object *vmi = store_get(instances(src), key);

    if (!vmi && has_stem) { /* cut from a long name */
        AUTO(freep) char *owner = xasprintf("%s/%s", namespace, pod->owner_name);
        vmi = store_get(instances(src), owner);
    }
    return vmi;
}

const char *
launcher_pods_who(const struct sources *src, const char *namespace, const char *pod_name, const char *pod_uid)
{
    AUTO(freep) char *key = xasprintf("%s/%s", namespace, pod_name);
    const struct object *pod = store_get(caches_store(src->caches, &pod_kind), key);
    const struct object *vmi = pod && src->has_pod_key ? vmi_of_pod(src, namespace, pod) : NULL;

    if (!vmi || !str_eq(pod->uid, pod_uid)) {
        return NULL;
    }
    const struct instance_launchers *l = launchers_get(src->launchers, vmi->uid);
    AUTO(arena_freep) struct arena *arena = arena_new(ARENA_MAX);
    if (!(l && str_eq(l->made_uid, pod_uid)) && !vmi_view_owns(arena, src, vmi, pod)) {
        return NULL;
    }
    launchers_name(src->launchers, vmi->uid, vmi->key);
    return vmi->uid;
}

size_t
launcher_pods_changed(const struct sources *src, const struct kind *kind, const struct object *object,
                      char *ret_pod_uids[LAUNCHERS_EACH_MAX])
{
    const struct instance_launchers *l = kind == &vmi_kind ? launchers_get(src->launchers, object->uid) : NULL;

    if (kind == &pod_kind) {
        ret_pod_uids[0] = xstrdup(object->uid);
        return 1;
    }
    for (size_t i = 0; l && i < l->n; i++) {
        ret_pod_uids[i] = xstrdup(l->items[i].pod_uid);
    }
    return l ? l->n : 0;
}

void
launcher_pods_gone(const struct sources *src, const struct kind *kind, const struct object *object)
{
    if (kind == &vmi_kind) {
        launchers_remove(src->launchers, object->uid);
    } else if (kind == &pod_kind) {
        AUTO(freep) char *namespace = xstrndup(object->key, strcspn(object->key, "/"));
        const struct object *vmi = vmi_of_pod(src, namespace, object);
        if (vmi) {
            launchers_remove_pod(src->launchers, vmi->uid, object->uid);
        }
    }
}

char *
launcher_pods_key(const struct instance_launchers *l)
{
    return queue_key(&vmi_kind, l->key);
}
