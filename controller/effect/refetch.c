// One by one, few at a time. A list of all objects of the kind would bring them too, and with them all that had its place already.
#include "effect/refetch.h"

#include "effect/api_path.h"

#include <utlist.h>

enum { REFETCH_MS = 2000, REFETCH_AT_ONCE = 8 };

struct refetch {
    struct refetcher *f;
    const struct kind *kind;
    char *key;
    char *version; /* that the cache had when it was asked for */
    struct kube_request *request;
    struct refetch *prev;
    struct refetch *next;
};

struct refetcher {
    uv_timer_t timer;
    struct kube *kube;
    const struct caches *caches;
    const struct kind *const *kinds;
    size_t n_kinds;
    struct refetch *all;
    size_t n;
};

struct walk {
    struct refetcher *f;
    const struct kind *kind;
    bool left; /* some wait still */
};

static void on_timer(uv_timer_t *timer);
static bool ask_if_wanted(void *arg, const struct object *object);
static bool is_asked_for(const struct refetcher *f, const struct kind *kind, const char *key);
static void ask(struct refetcher *f, const struct kind *kind, const struct object *object);
static void on_answer(void *arg, const struct kube_reply *reply);
static void refetch_drop(struct refetch *r);
static void on_closed(uv_handle_t *handle);

struct refetcher *
refetcher_new(uv_loop_t *loop, struct kube *kube, const struct caches *caches, const struct kind *const *kinds,
              size_t n_kinds)
{
    struct refetcher *f = XNEW(struct refetcher);

    f->kube = kube;
    f->caches = caches;
    f->kinds = kinds;
    f->n_kinds = n_kinds;
    BUG_ON(uv_timer_init(loop, &f->timer) != 0);
    return f;
}

void
refetcher_wanted(struct refetcher *f)
{
    if (!uv_is_active((uv_handle_t *)&f->timer)) {
        BUG_ON(uv_timer_start(&f->timer, on_timer, REFETCH_MS, 0) != 0);
    }
}

void
refetcher_close(struct refetcher *f)
{
    struct refetch *r;
    struct refetch *tmp;

    if (!f) {
        return;
    }
    DL_FOREACH_SAFE(f->all, r, tmp) {
        kube_cancel(r->request);
        refetch_drop(r);
    }
    uv_close((uv_handle_t *)&f->timer, on_closed);
}

static void
on_closed(uv_handle_t *handle)
{
    free(CONTAINER_OF(handle, struct refetcher, timer));
}

static void
on_timer(uv_timer_t *timer)
{
    struct walk w = {.f = CONTAINER_OF(timer, struct refetcher, timer)};

    for (size_t i = 0; i < w.f->n_kinds; i++) {
        w.kind = w.f->kinds[i];
        store_each(caches_store(w.f->caches, w.kind), ask_if_wanted, &w);
    }
    if (w.left) {
        refetcher_wanted(w.f);
    }
}

static bool
ask_if_wanted(void *arg, const struct object *object)
{
    struct walk *w = arg;
    bool is_wanted = object->wanted_bytes > 0;

    w->left = w->left || is_wanted;
    if (is_wanted && w->f->n < REFETCH_AT_ONCE && !is_asked_for(w->f, w->kind, object->key) &&
        store_has_room(caches_store(w->f->caches, w->kind), object)) {
        ask(w->f, w->kind, object);
    }
    return true;
}

static bool
is_asked_for(const struct refetcher *f, const struct kind *kind, const char *key)
{
    const struct refetch *r;

    DL_FOREACH(f->all, r) {
        if (r->kind == kind && str_eq(r->key, key)) {
            return true;
        }
    }
    return false;
}

static void
ask(struct refetcher *f, const struct kind *kind, const struct object *object)
{
    const char *name = strchr(object->key, '/') + 1;
    AUTO(freep) char *namespace = xstrndup(object->key, (size_t)(name - object->key) - 1);
    AUTO(freep) char *path = api_path(kind, namespace, name, NULL);
    const struct kube_call call = {.verb = KUBE_GET, .path = path, .resource = kind->resource, .parts = kind->kept.paths};
    struct refetch *r = XNEW(struct refetch);

    *r = (struct refetch){
        .f = f, .kind = kind, .key = xstrdup(object->key), .version = xstrdup(object->resource_version)};
    DL_APPEND(f->all, r);
    f->n++;
    r->request = kube_send(f->kube, &call, on_answer, r);
}

/* What the watch has brought meanwhile counts more, and has had its chance. */
static void
on_answer(void *arg, const struct kube_reply *reply)
{
    struct refetch *r = arg;

    if (!reply->err && !reply->why) {
        informer_own(caches_informer(r->f->caches, r->kind), reply->body, r->version);
    }
    refetch_drop(r);
}

static void
refetch_drop(struct refetch *r)
{
    r->f->n--;
    DL_DELETE(r->f->all, r);
    free(r->key);
    free(r->version);
    free(r);
}
