// Objects that found no room in the caches are read once more when there is some: one by one, few at a time. A list of all objects of
// the kind would bring them too, and with them all that had its place already.
#include "base/clock.h"
#include "cache/cut.h"
#include "effect/api_path.h"
#include "effect/reconciler_priv.h"

#include <utlist.h>

enum { REFETCH_MS = 2000, REFETCH_AT_ONCE = 8 };

struct refetch {
    struct reconciler *r;
    enum kind kind;
    char *key;
    char *version; /* that the cache had when it was asked for */
    struct kube_request *request;
    struct refetch *prev;
    struct refetch *next;
};

struct walk {
    struct reconciler *r;
    enum kind kind;
    bool left; /* some wait still */
};

static void on_timer(uv_timer_t *timer);
static bool look(void *arg, const struct object *object);
static bool is_asked_for(const struct reconciler *r, enum kind kind, const char *key);
static void ask(struct reconciler *r, enum kind kind, const struct object *object);
static void on_answer(void *arg, const struct kube_reply *reply);
static void refetch_drop(struct refetch *f);

void
refetch_wanted(struct reconciler *r)
{
    if (!uv_is_active((uv_handle_t *)&r->refetch)) {
        BUG_ON(uv_timer_start(&r->refetch, on_timer, REFETCH_MS, 0) != 0);
    }
}

void
refetch_stop(struct reconciler *r)
{
    struct refetch *f;
    struct refetch *tmp;

    DL_FOREACH_SAFE(r->refetches, f, tmp) {
        kube_cancel(f->request);
        refetch_drop(f);
    }
}

static void
on_timer(uv_timer_t *timer)
{
    struct walk w = {.r = CONTAINER_OF(timer, struct reconciler, refetch)};

    for (int k = 0; k < N_KINDS; k++) {
        w.kind = (enum kind)k;
        store_each(informer_store(w.r->informers[k]), look, &w);
    }
    if (w.left) {
        refetch_wanted(w.r);
    }
}

static bool
look(void *arg, const struct object *object)
{
    struct walk *w = arg;
    bool is_wanted = object->wanted_bytes > 0;

    w->left = w->left || is_wanted;
    if (is_wanted && w->r->n_refetches < REFETCH_AT_ONCE && !is_asked_for(w->r, w->kind, object->key) &&
        store_has_room(informer_store(w->r->informers[w->kind]), object)) {
        ask(w->r, w->kind, object);
    }
    return true;
}

static bool
is_asked_for(const struct reconciler *r, enum kind kind, const char *key)
{
    const struct refetch *f;

    DL_FOREACH(r->refetches, f) {
        if (f->kind == kind && str_eq(f->key, key)) {
            return true;
        }
    }
    return false;
}

static void
ask(struct reconciler *r, enum kind kind, const struct object *object)
{
    const char *name = strchr(object->key, '/') + 1;
    AUTO(freep) char *namespace = xstrndup(object->key, (size_t)(name - object->key) - 1);
    AUTO(freep) char *path = api_path(kind, namespace, name, NULL);
    const struct kube_call call = {
        .verb = KUBE_GET, .path = path, .resource = api_resource(kind), .parts = cut_parts(kind)};
    struct refetch *f = XNEW(struct refetch);

    *f = (struct refetch){
        .r = r, .kind = kind, .key = xstrdup(object->key), .version = xstrdup(object->resource_version)};
    DL_APPEND(r->refetches, f);
    r->n_refetches++;
    f->request = kube_send(r->kube, &call, on_answer, f);
}

/* What the watch has brought meanwhile counts more, and has had its chance. */
static void
on_answer(void *arg, const struct kube_reply *reply)
{
    struct refetch *f = arg;

    if (!reply->err && !reply->why) {
        informer_own(f->r->informers[f->kind], reply->body, f->version);
    }
    refetch_drop(f);
}

static void
refetch_drop(struct refetch *f)
{
    f->r->n_refetches--;
    DL_DELETE(f->r->refetches, f);
    free(f->key);
    free(f->version);
    free(f);
}
