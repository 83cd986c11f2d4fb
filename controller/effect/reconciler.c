// Wiring of the stages for one process: what is due goes to the worker, while this replica leads.
#include "effect/reconciler.h"

#include "effect/event_handlers.h"
#include "effect/give_back.h"
#include "effect/refetch.h"
#include "effect/worker.h"
#include "reconcile/kubevirt/kubevirt_config.h"
#include "reconcile/vmi/launcher_pods.h"

enum {
    CONFIG_ARENA_MAX = 256 * 1024,
    RESYNC_MS = 30 * 60 * 1000,
    LARGE_NEWS = 50 /* what a large object counts among news */
};

struct reconciler {
    struct kube *kube;
    struct reconciler_options options;
    struct sources src;
    struct event_handlers *handlers;
    struct refetcher *refetcher;
    struct give_back *give_back;
    struct worker *worker;
    struct effects fx;
    struct arena *config_arena;
    struct config config;
    char *config_text; /* what views read of it */
    char *gateway_pins;
    char *ca_bundle;
    bool leads;
    uv_timer_t resync;
};

static void resync(uv_timer_t *timer);
static bool send_desired(void *arg, const char *vmi_uid, const struct desired *desired);
static void on_changed(void *arg, const struct kind *kind, const struct object *object, bool removed);
static void on_due(void *arg, const char *key, enum queue_class class, int64_t delay_ms);
static void read_config(struct reconciler *r);
static void on_closed(uv_handle_t *handle);

static const struct log lg = {.part = "reconcile"};

static const struct metric m_queue = {
    .name = "vmbridge_queue_length", .help = "Keys waiting to be looked at.", .type = METRIC_GAUGE};
static const struct metric m_running = {
    .name = "vmbridge_reconcile_running", .help = "Plans being carried out.", .type = METRIC_GAUGE};
static const struct metric m_objects = {
    .name = "vmbridge_cache_objects", .help = "Objects in the cache, by kind.", .type = METRIC_GAUGE};
static const struct metric m_bytes = {
    .name = "vmbridge_cache_bytes", .help = "Bytes of cached objects, by kind.", .type = METRIC_GAUGE};
static const struct metric m_launchers = {
    .name = "vmbridge_launchers_connected", .help = "Launchers on the line.", .type = METRIC_GAUGE};
static const struct metric m_foreign = {.name = "vmbridge_foreign_pods",
                                        .help = "Pods with the launchers' label that vmbridge did not make.",
                                        .type = METRIC_GAUGE};

struct err *
reconciler_new(uv_loop_t *loop, struct kube *kube, const struct reconciler_options *o,
               struct reconciler **ret_reconciler)
{
    struct reconciler *r = XNEW(struct reconciler);
    const struct event_sink sink = {.changed = on_changed, .due = on_due, .arg = r};

    r->kube = kube;
    r->options = *o;
    r->options.namespace = xstrdup(o->namespace);
    r->options.launcher_image = xstrdup(o->launcher_image);
    r->options.gateway = xstrdup(o->gateway);
    r->options.gateway_name = xstrdup(o->gateway_name);
    r->options.version = xstrdup(o->version);
    r->config_arena = arena_new(CONFIG_ARENA_MAX);
    r->src = (struct sources){.launchers = launchers_new(),
                              .foreign = foreign_new(),
                              .config = &r->config,
                              .namespace = r->options.namespace,
                              .version = r->options.version};
    r->fx = (struct effects){.kube = kube, .src = &r->src, .send = send_desired, .arg = r};
    r->fx.events = event_recorder_new(kube, o->instance);
    r->handlers = event_handlers_new(kube, &r->src, &sink);
    r->refetcher = refetcher_new(loop, kube, r->src.caches, kinds, n_kinds);
    r->give_back = give_back_new(loop);
    r->worker = worker_new(loop, &r->src, &r->fx, o->metrics);
    BUG_ON(uv_timer_init(loop, &r->resync) != 0);
    BUG_ON(uv_timer_start(&r->resync, resync, RESYNC_MS, RESYNC_MS) != 0);
    event_handlers_start(r->handlers);
    read_config(r);
    *ret_reconciler = r;
    return NULL;
}

void
reconciler_lead(struct reconciler *r, bool leads)
{
    r->leads = leads;
    if (leads) {
        event_handlers_all(r->handlers);
        return;
    }
    launchers_clear(r->src.launchers);
    worker_stop(r->worker);
}

const char *
reconciler_waits_for(const struct reconciler *r)
{
    const struct kind *missing = event_handlers_wait_for(r->handlers);

    return missing ? missing->resource : NULL;
}

void
reconciler_set_ca(struct reconciler *r, const char *pins, const char *ca_bundle)
{
    free(r->gateway_pins);
    r->gateway_pins = xstrdup(pins);
    free(r->ca_bundle);
    r->ca_bundle = xstrdup(ca_bundle);
    read_config(r);
    event_handlers_all(r->handlers);
}

void
reconciler_set_pod_key(struct reconciler *r, const struct pod_key *key)
{
    bool is_new = !r->src.has_pod_key || memcmp(&r->config.pod_key, key, sizeof(*key)) != 0;

    r->config.pod_key = *key;
    r->src.has_pod_key = true;
    if (is_new) {
        r->src.config_version++;
        read_config(r);
        event_handlers_relist(r->handlers); /* what may be ours is another question now */
    }
}

bool
reconciler_who(struct reconciler *r, const char *namespace, const char *pod_name, const char *pod_uid,
               const char **ret_vmi_uid)
{
    const char *uid = launcher_pods_who(&r->src, namespace, pod_name, pod_uid);

    if (uid) {
        *ret_vmi_uid = uid;
    }
    return uid;
}

/* All that views read of the configuration, and the controller's own log. */
static void
read_config(struct reconciler *r)
{
    int64_t verbosity = 0;

    r->config.launcher_image = r->options.launcher_image;
    r->config.gateway = r->options.gateway;
    r->config.gateway_name = r->options.gateway_name;
    r->config.gateway_pins = r->gateway_pins;
    r->config.ca_bundle = r->ca_bundle;
    arena_reset(r->config_arena);
    AUTO(err_freep)
    struct err *e = kubevirt_config(r->config_arena, r->src.caches, r->options.namespace, &r->config, &verbosity);
    if (e) {
        log_error(&lg, "the configuration object is not understood: defaults are used", F_ERR(e));
    }
    log_set_level(log_level_of_verbosity(verbosity));
    char *text = kubevirt_config_text(&r->config);
    r->src.config_version += str_eq(text, r->config_text) ? 0 : 1;
    free(r->config_text);
    r->config_text = text;
}

static void
on_changed(void *arg, const struct kind *kind, const struct object *object, bool removed)
{
    struct reconciler *r = arg;
    char *pod_uids[LAUNCHERS_EACH_MAX];
    size_t n_pods = launcher_pods_changed(&r->src, kind, object, pod_uids);

    give_back_count(r->give_back, object->why ? LARGE_NEWS : 1);
    if (object->wanted_bytes > 0 && !removed) {
        refetcher_wanted(r->refetcher);
    }
    if (kind->is_config) {
        read_config(r);
    }
    for (size_t i = 0; i < n_pods; i++) { /* a launcher's word counts no longer than its pod and its instance do */
        if (r->options.pod_changed) {
            r->options.pod_changed(r->options.arg, pod_uids[i], removed);
        }
        free(pod_uids[i]);
    }
    if (removed) {
        launcher_pods_gone(&r->src, kind, object);
    }
}

static void
on_due(void *arg, const char *key, enum queue_class class, int64_t delay_ms)
{
    struct reconciler *r = arg;

    if (r->leads) {
        worker_add(r->worker, key, class, delay_ms);
    }
}

static void
enqueue_launcher(struct reconciler *r, const char *vmi_uid)
{
    const struct instance_launchers *l = launchers_get(r->src.launchers, vmi_uid);

    give_back_count(r->give_back, 1);
    if (l) {
        AUTO(freep) char *key = launcher_pods_key(l);
        event_handlers_key(r->handlers, key);
    }
}

void
reconciler_launcher_up(struct reconciler *r, const char *vmi_uid, const char *pod_uid)
{
    launchers_connected(r->src.launchers, vmi_uid, pod_uid);
    enqueue_launcher(r, vmi_uid);
}

void
reconciler_launcher_down(struct reconciler *r, const char *vmi_uid, const char *pod_uid)
{
    launchers_disconnected(r->src.launchers, vmi_uid, pod_uid);
    enqueue_launcher(r, vmi_uid);
}

void
reconciler_launcher_state(struct reconciler *r, const char *vmi_uid, const char *pod_uid, const char *text, size_t len)
{
    if (launchers_state(r->src.launchers, vmi_uid, pod_uid, text, len)) {
        enqueue_launcher(r, vmi_uid);
    }
}

void
reconciler_metrics(struct reconciler *r)
{
    struct metrics *m = r->options.metrics;

    metrics_set(m, &m_queue, NULL, (double)worker_queued(r->worker));
    metrics_set(m, &m_running, NULL, (double)worker_running(r->worker));
    metrics_set(m, &m_foreign, NULL, (double)foreign_count(r->src.foreign));
    metrics_set(m, &m_launchers, NULL, (double)launchers_count(r->src.launchers));
    for (size_t i = 0; i < n_kinds; i++) {
        const struct store *s = caches_store(r->src.caches, kinds[i]);
        AUTO(freep) char *labels = xasprintf("kind=\"%s\"", kinds[i]->name);
        metrics_set(m, &m_objects, labels, (double)store_count(s));
        metrics_set(m, &m_bytes, labels, (double)store_bytes(s));
    }
}

void
reconciler_close(struct reconciler *r)
{
    if (!r) {
        return;
    }
    reconciler_lead(r, false);
    event_handlers_stop(r->handlers);
    refetcher_close(r->refetcher);
    give_back_close(r->give_back);
    worker_close(r->worker);
    uv_close((uv_handle_t *)&r->resync, on_closed);
}

static void
on_closed(uv_handle_t *handle)
{
    struct reconciler *r = CONTAINER_OF(handle, struct reconciler, resync);

    event_handlers_free(r->handlers);
    launchers_free(r->src.launchers);
    foreign_free(r->src.foreign);
    event_recorder_free(r->fx.events);
    arena_free(r->config_arena);
    free(r->config_text);
    free(r->gateway_pins);
    free(r->ca_bundle);
    free((char *)(uintptr_t)r->options.namespace);
    free((char *)(uintptr_t)r->options.launcher_image);
    free((char *)(uintptr_t)r->options.gateway);
    free((char *)(uintptr_t)r->options.gateway_name);
    free((char *)(uintptr_t)r->options.version);
    free(r);
}

static void
resync(uv_timer_t *timer)
{
    struct reconciler *r = CONTAINER_OF(timer, struct reconciler, resync);

    event_handlers_all(r->handlers);
}

static bool
send_desired(void *arg, const char *vmi_uid, const struct desired *desired)
{
    struct reconciler *r = arg;
    const struct launcher *l = launchers_find(launchers_get(r->src.launchers, vmi_uid), desired->pod_uid);

    if (!l || !l->connected || !r->options.send(r->options.arg, desired->pod_uid, desired->text)) {
        return false;
    }
    launchers_sent(r->src.launchers, vmi_uid, desired->pod_uid, desired->text);
    return true;
}
