// A source per kind.
#include "effect/event_handlers.h"

#include "base/log.h"
#include "effect/api_path.h"

struct source { /* one watch */
    struct event_handlers *h;
    const struct kind *kind;
    const struct kind_gate *gate;
    struct watch *watch;
};

struct event_handlers {
    struct kube *kube;
    struct sources *src;
    struct event_sink sink;
    struct caches *caches;
    struct source *sources; /* of kinds[] */
};

struct cause { /* a change of an object of that kind */
    struct event_handlers *h;
    const struct kind *kind;
};

static void source_start(struct source *s);
static void watch_begin(void *arg);
static void watch_object(void *arg, enum watch_event event, const json_t *object, const char *why);
static void watch_synced(void *arg);
static void watch_absent(void *arg, bool is_refused);
static void watch_settled(const struct source *s);
static void on_changed(void *arg, const struct kind *kind, const struct object *object, bool removed);
static bool are_early_whole(const struct event_handlers *h);
static void emit(struct event_handlers *h, const struct kind *kind, const char *store_key, enum queue_class class,
                 int64_t delay_ms);
static void emit_followed(void *arg, const struct kind *kind, const char *store_key);
static void enqueue_kind(struct source *s);

static const struct watch_sink watch_calls = {.begin = watch_begin, .object = watch_object, .synced = watch_synced};
static const struct watch_sink optional_calls = {
    .begin = watch_begin, .object = watch_object, .synced = watch_synced, .absent = watch_absent};
static const struct log lg = {.part = "reconcile"};

struct event_handlers *
event_handlers_new(struct kube *kube, struct sources *src, const struct event_sink *sink)
{
    struct event_handlers *h = XNEW(struct event_handlers);

    h->kube = kube;
    h->src = src;
    h->sink = *sink;
    h->caches = caches_new(kinds, n_kinds, on_changed, h);
    h->sources = xcalloc(n_kinds, sizeof(*h->sources));
    for (size_t i = 0; i < n_kinds; i++) {
        h->sources[i] = (struct source){.h = h, .kind = kinds[i], .gate = kind_gate_of(kinds[i])};
    }
    src->caches = h->caches;
    return h;
}

void
event_handlers_start(struct event_handlers *h)
{
    for (size_t i = 0; i < n_kinds; i++) {
        if (kinds[i]->is_early) {
            source_start(&h->sources[i]);
        }
    }
}

static void
source_start(struct source *s)
{
    const struct kind *kind = s->kind;
    AUTO(freep)
    char *path = kind->in_own_namespace ? api_path(kind, s->h->src->namespace, NULL, NULL) : api_path_all(kind);
    AUTO(freep) char *selector = kind->label ? xasprintf("%s=%s", kind->label, kind->label_value) : NULL;
    const struct watch_spec spec = {
        .path = path, .resource = kind->resource, .label_selector = selector, .parts = kind->kept.paths};

    if (!s->watch) {
        s->watch = watch_new(s->h->kube, &spec, kind->is_optional ? &optional_calls : &watch_calls, s);
    }
}

static struct informer *
informer_of(const struct source *s)
{
    return caches_informer(s->h->caches, s->kind);
}

static void
watch_begin(void *arg)
{
    const struct source *s = arg;

    informer_begin(informer_of(s));
    if (s->gate) {
        s->gate->begin(s->h->src);
    }
}

static void
watch_object(void *arg, enum watch_event event, const json_t *object, const char *why)
{
    const struct source *s = arg;
    struct cause c = {s->h, s->kind};

    if (s->gate && !s->gate->admit(s->h->src, object, event == WATCH_DELETED, emit_followed, &c)) {
        return;
    }
    informer_apply(informer_of(s), object, event == WATCH_DELETED, why);
}

static size_t
count_all(const struct event_handlers *h)
{
    size_t n = 0;

    for (size_t i = 0; i < n_kinds; i++) {
        n += store_count(caches_store(h->caches, kinds[i]));
    }
    return n;
}

static void
watch_synced(void *arg)
{
    const struct source *s = arg;
    struct event_handlers *h = s->h;
    bool was_synced =
        informer_is_synced(informer_of(s)) && store_serving(informer_store(informer_of(s))) == STORE_SERVED;

    informer_synced(informer_of(s));
    if (s->gate) {
        s->gate->synced(h->src, emit_followed, &(struct cause){h, s->kind});
    }
    if (!was_synced) {
        watch_settled(s);
    }
}

/* There are none of the kind, which is as good as a whole list of them. */
static void
watch_absent(void *arg, bool is_refused)
{
    const struct source *s = arg;
    enum store_serving now = is_refused ? STORE_REFUSED : STORE_UNSERVED;
    bool was_so = informer_is_synced(informer_of(s)) && store_serving(informer_store(informer_of(s))) == now;

    informer_absent(informer_of(s), is_refused);
    if (!was_so) {
        log_info(&lg, is_refused ? "kind cannot be listed: goes on without it" : "kind is not served",
                 F_STR("kind", s->kind->kind), F_STR("path", s->kind->path));
        watch_settled(s);
    }
}

static void
watch_settled(const struct source *s)
{
    struct event_handlers *h = s->h;

    for (size_t i = 0; are_early_whole(h) && i < n_kinds; i++) {
        source_start(&h->sources[i]);
    }
    if (!event_handlers_wait_for(h)) {
        log_info(&lg, "caches are whole", F_I64("objects", count_all(h)));
    }
    for (size_t i = 0; i < n_kinds; i++) {
        if (s->kind->is_config || arrows_read(&arrows, s->kind, kinds[i])) { /* those that waited for this one */
            enqueue_kind(&h->sources[i]);
        }
    }
}

void
event_handlers_relist(struct event_handlers *h)
{
    for (size_t i = 0; i < n_kinds; i++) {
        struct source *s = &h->sources[i];
        if (s->gate && s->watch) {
            watch_close(s->watch);
            s->watch = NULL;
            informer_restart(informer_of(s));
            source_start(s);
        }
    }
}

static void
on_changed(void *arg, const struct kind *kind, const struct object *object, bool removed)
{
    struct event_handlers *h = arg;

    h->sink.changed(h->sink.arg, kind, object, removed);
    arrows_follow(&arrows, h->caches, kind, object, emit_followed, &(struct cause){h, kind});
}

const struct kind *
event_handlers_wait_for(const struct event_handlers *h)
{
    for (size_t i = 0; i < n_kinds; i++) {
        if (!informer_is_synced(informer_of(&h->sources[i]))) {
            return kinds[i];
        }
    }
    return NULL;
}

static bool
are_early_whole(const struct event_handlers *h)
{
    for (size_t i = 0; i < n_kinds; i++) {
        if (kinds[i]->is_early && !informer_is_synced(informer_of(&h->sources[i]))) {
            return false;
        }
    }
    return true;
}

/* All caches that a sync of the kind reads are whole. */
static bool
can_sync(const struct event_handlers *h, const struct kind *kind)
{
    for (size_t i = 0; i < n_kinds; i++) {
        bool is_read = kinds[i]->is_config || arrows_read(&arrows, kinds[i], kind);
        if (is_read && !informer_is_synced(informer_of(&h->sources[i]))) {
            return false;
        }
    }
    return true;
}

static void
emit(struct event_handlers *h, const struct kind *kind, const char *store_key, enum queue_class class, int64_t delay_ms)
{
    if (can_sync(h, kind)) {
        AUTO(freep) char *key = queue_key(kind, store_key);
        h->sink.due(h->sink.arg, key, class, delay_ms);
    }
}

static void
emit_followed(void *arg, const struct kind *kind, const char *store_key)
{
    const struct cause *c = arg;

    emit(c->h, kind, store_key, c->kind->is_begun_late ? QUEUE_BEGINNING : QUEUE_UNDER_WAY,
         kind == c->kind ? 0 : kind->batch_ms);
}

void
event_handlers_key(struct event_handlers *h, const char *key)
{
    if (can_sync(h, caches_kind_of(h->caches, key))) {
        h->sink.due(h->sink.arg, key, QUEUE_UNDER_WAY, 0);
    }
}

/* When what follows from the object is there, a sync most likely finds nothing to do. */
static bool
enqueue_object(void *arg, const struct object *object)
{
    struct source *s = arg;
    bool has_begun = s->kind->has_begun && s->kind->has_begun(s->h->caches, object);

    emit(s->h, s->kind, object->key, has_begun ? QUEUE_AT_REST : QUEUE_BEGINNING, 0);
    return true;
}

static void
enqueue_kind(struct source *s)
{
    if (s->kind->sync && can_sync(s->h, s->kind)) { /* else each would be dropped one by one */
        store_each(caches_store(s->h->caches, s->kind), enqueue_object, s);
    }
}

void
event_handlers_all(struct event_handlers *h)
{
    for (size_t i = 0; i < n_kinds; i++) {
        enqueue_kind(&h->sources[i]);
    }
}

void
event_handlers_stop(struct event_handlers *h)
{
    for (size_t i = 0; i < n_kinds; i++) {
        if (h->sources[i].watch) {
            watch_close(h->sources[i].watch);
            h->sources[i].watch = NULL;
        }
    }
}

void
event_handlers_free(struct event_handlers *h)
{
    caches_free(h->caches);
    free(h->sources);
    free(h);
}
