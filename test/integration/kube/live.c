// The waiting calls, and a store that notices events out of place.
#include "live.h"

#include "base/clock.h"

#include <check.h>
#include <unistd.h>
#include <uthash.h>

struct live_object {
    char name[LIVE_NAME_SIZE];
    char version[LIVE_NAME_SIZE];
    bool seen; /* in the list that is coming in */
    UT_hash_handle hh;
};

static void on_tick(uv_timer_t *timer);
static void on_begin(void *arg);
static void on_object(void *arg, enum watch_event event, const json_t *object, const char *why);
static void on_synced(void *arg);

const struct watch_sink live_sink = {.begin = on_begin, .object = on_object, .synced = on_synced};

void
live_open(struct live *l, const struct kube_options *options)
{
    live_open_at(l, NULL, options);
}

void
live_open_at(struct live *l, const char *server, const struct kube_options *options)
{
    struct kube_options o = options ? *options : (struct kube_options){.user_agent = "vmbridge-test"};
    const char *path = getenv("KUBECONFIG");

    *l = (struct live){0};
    ck_assert_msg(path, "KUBECONFIG is not set; run this through test/integration/run");
    ck_assert_int_eq(uv_loop_init(&l->loop), 0);
    l->metrics = metrics_new();
    o.metrics = l->metrics;
    struct err *e = kube_config_load(path, &l->config);
    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    if (server) {
        free(l->config->server);
        l->config->server = xstrdup(server);
    }
    e = kube_new(&l->loop, l->config, &o, &l->kube);
    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
}

void
live_close(struct live *l)
{
    kube_close(l->kube);
    ck_assert_int_eq(uv_run(&l->loop, UV_RUN_DEFAULT), 0);
    ck_assert_int_eq(uv_loop_close(&l->loop), 0);
    metrics_free(l->metrics);
    kube_config_free(l->config);
}

void
live_namespace(struct live *l, const char *prefix)
{
    (void)snprintf(l->space, sizeof(l->space), "%s-%d-%lld", prefix, (int)getpid(), (long long)clock_mono_ms());
    AUTO(freep) char *body = xasprintf("{\"metadata\":{\"name\":\"%s\"}}", l->space);
    struct live_answer a = live_call(l, KUBE_POST, "/api/v1/namespaces", body);
    ck_assert_msg(!a.has_err, "%s", a.text);
    live_answer_fini(&a);
}

const char *
live_path(const struct live *l, const char *name)
{
    static char paths[8][256];
    static unsigned next;
    char *path = paths[next++ % ARRAY_LEN(paths)];

    (void)snprintf(path, sizeof(paths[0]), "/api/v1/namespaces/%s/configmaps%s%s", l->space, name ? "/" : "",
                   name ? name : "");
    return path;
}

static void
on_tick(uv_timer_t *timer)
{
    (void)timer; /* makes uv_run return */
}

bool
live_until(struct live *l, const bool *flag, int64_t ms)
{
    int64_t end_ms = clock_mono_ms() + ms;
    uv_timer_t tick;

    ck_assert_int_eq(uv_timer_init(&l->loop, &tick), 0);
    ck_assert_int_eq(uv_timer_start(&tick, on_tick, 5, 5), 0);
    while (!*flag && clock_mono_ms() < end_ms) {
        (void)uv_run(&l->loop, UV_RUN_ONCE);
    }
    uv_close((uv_handle_t *)&tick, NULL);
    (void)uv_run(&l->loop, UV_RUN_NOWAIT); /* the handle stands on this stack: let it close */
    return *flag;
}

bool
live_until_count(struct live *l, const unsigned *count, unsigned at_least, int64_t ms)
{
    int64_t end_ms = clock_mono_ms() + ms;

    while (*count < at_least && clock_mono_ms() < end_ms) {
        live_run(l, 10);
    }
    return *count >= at_least;
}

void
live_run(struct live *l, int64_t ms)
{
    const bool never = false;

    (void)live_until(l, &never, ms);
}

void
live_done(void *arg, const struct kube_reply *reply)
{
    struct live_answer *a = arg;

    a->is_done = true;
    a->n_done++;
    a->status = reply->status;
    a->has_err = reply->err != NULL;
    a->is_header = reply->why != NULL;
    if (reply->err) {
        a->class = err_class(reply->err);
        (void)snprintf(a->text, sizeof(a->text), "%s", err_text(reply->err));
    }
    (void)snprintf(a->reason, sizeof(a->reason), "%s", reply->reason);
    json_decref(a->body);
    a->body = reply->body ? json_deep_copy(reply->body) : NULL;
}

struct live_answer
live_call(struct live *l, enum kube_verb verb, const char *path, const char *body)
{
    struct live_answer a = {0};
    const struct kube_call call = {.verb = verb, .path = path, .resource = "tests", .body = body};

    (void)kube_send(l->kube, &call, live_done, &a);
    ck_assert_msg(!a.is_done, "done was called before kube_send returned");
    ck_assert_msg(live_until(l, &a.is_done, LIVE_WAIT_MS + 5000), "no answer to %s", path);
    return a;
}

void
live_answer_fini(struct live_answer *a)
{
    json_decref(a->body);
    *a = (struct live_answer){0};
}

void
live_make(struct live *l, const char *name, size_t fill)
{
    AUTO(freep) char *data = xcalloc(1, fill + 1);

    memset(data, 'x', fill);
    AUTO(freep) char *body = xasprintf("{\"metadata\":{\"name\":\"%s\"},\"data\":{\"fill\":\"%s\"}}", name, data);
    struct live_answer a = live_call(l, KUBE_POST, live_path(l, NULL), body);
    ck_assert_msg(!a.has_err, "%s", a.text);
    live_answer_fini(&a);
}

void
live_watch(struct live *l, struct live_store *s)
{
    const struct watch_spec spec = {
        .path = live_path(l, NULL), .resource = "configmaps", .field_selector = "metadata.name!=kube-root-ca.crt"};

    *s = (struct live_store){0};
    s->watch = watch_new(l->kube, &spec, &live_sink, s);
}

size_t
live_count(const struct live_store *s)
{
    return HASH_COUNT(s->table);
}

bool
live_has(const struct live_store *s, const char *name)
{
    const struct live_object *o = NULL;

    HASH_FIND_STR(s->table, name, o);
    return o != NULL;
}

void
live_store_fini(struct live_store *s)
{
    struct live_object *o;
    struct live_object *tmp;

    watch_close(s->watch);
    HASH_ITER(hh, s->table, o, tmp) {
        HASH_DEL(s->table, o);
        free(o);
    }
    *s = (struct live_store){0};
}

bool
live_until_objects(struct live *l, struct live_store *s, size_t n, int64_t ms)
{
    int64_t end_ms = clock_mono_ms() + ms;

    while (clock_mono_ms() < end_ms && (s->in_list || s->n_synced == 0 || live_count(s) != n)) {
        live_run(l, 10);
    }
    return !s->in_list && s->n_synced > 0 && live_count(s) == n;
}

static void
on_begin(void *arg)
{
    struct live_store *s = arg;
    struct live_object *o;

    s->n_begin++;
    s->in_list = true;
    for (o = s->table; o; o = o->hh.next) {
        o->seen = false;
    }
}

static void
on_object(void *arg, enum watch_event event, const json_t *object, const char *why)
{
    struct live_store *s = arg;
    const char *name = json_str(json_object_get(object, "metadata"), "name");
    const char *version = json_str(json_object_get(object, "metadata"), "resourceVersion");
    struct live_object *o = NULL;

    ck_assert(name && version);
    s->n_headers += why != NULL;
    ck_assert_str_eq(json_str(object, "kind"), "ConfigMap");
    ck_assert_str_eq(json_str(object, "apiVersion"), "v1");
    HASH_FIND_STR(s->table, name, o);
    if (event == WATCH_DELETED) {
        s->n_deleted++;
        s->n_wrong += o ? 0 : 1;
        if (o) {
            HASH_DEL(s->table, o);
            free(o);
        }
        return;
    }
    s->n_added += event == WATCH_ADDED ? 1 : 0;
    s->n_modified += event == WATCH_MODIFIED ? 1 : 0;
    s->n_wrong += !s->in_list && (event == WATCH_ADDED) != !o ? 1 : 0;
    if (!o) {
        o = XNEW(struct live_object);
        (void)snprintf(o->name, sizeof(o->name), "%s", name);
        HASH_ADD_STR(s->table, name, o);
    }
    o->seen = true;
    (void)snprintf(o->version, sizeof(o->version), "%s", version);
}

static void
on_synced(void *arg)
{
    struct live_store *s = arg;
    struct live_object *o;
    struct live_object *tmp;

    s->n_synced++;
    s->in_list = false;
    HASH_ITER(hh, s->table, o, tmp) {
        if (!o->seen) {
            HASH_DEL(s->table, o);
            free(o);
        }
    }
}

bool
live_has_server(void)
{
    return getenv("VMB_TEST_APISERVER") != NULL;
}

struct child {
    uv_process_t process;
    bool is_done;
    int64_t status;
    int signal;
};

static void
on_exit_status(uv_process_t *process, int64_t status, int signal)
{
    struct child *c = CONTAINER_OF(process, struct child, process);

    c->is_done = true;
    c->status = status;
    c->signal = signal;
}

void
live_server(struct live *l, const char *verb)
{
    const char *script = getenv("VMB_TEST_APISERVER");
    char *argv[] = {(char *)(uintptr_t)script, (char *)(uintptr_t)verb, NULL};
    struct child c = {0};
    uv_stdio_container_t stdio[] = {
        {.flags = UV_IGNORE}, {.flags = UV_INHERIT_FD, .data.fd = 2}, {.flags = UV_INHERIT_FD, .data.fd = 2}};
    uv_process_options_t o = {.file = script, .args = argv, .stdio = stdio, .stdio_count = 3, .exit_cb = on_exit_status};

    ck_assert(script);
    ck_assert_int_eq(uv_spawn(&l->loop, &c.process, &o), 0);
    ck_assert_msg(live_until(l, &c.is_done, 2 * LIVE_WAIT_MS), "apiserver %s does not end", verb);
    ck_assert_msg(c.status == 0 && c.signal == 0, "apiserver %s failed", verb);
    uv_close((uv_handle_t *)&c.process, NULL);
    live_run(l, 1);
}
