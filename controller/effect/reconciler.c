// Wiring of the stages for one process: keys that are due become runs, and their results go back to the queue.
#include "effect/reconciler.h"

#include "base/clock.h"
#include "base/random.h"
#include "effect/event_handlers.h"
#include "effect/give_back.h"
#include "effect/plan_run.h"
#include "effect/refetch.h"
#include "effect/sync.h"
#include "reconcile/kubevirt/kubevirt_config.h"
#include "reconcile/vmi/launcher_pods.h"

#include <utlist.h>

enum {
    CONFIG_ARENA_MAX = 256 * 1024,
    RESYNC_MS = 30 * 60 * 1000,
    KEYS_PER_TURN = 64,
    RUNS_MAX = 24, /* at once: a busy API server answers more of them no sooner, and each one later */
    CONFLICT_MS = 100,
    INVALID_MS = 30000,
    LARGE_NEWS = 50 /* what a large object counts among news */
};

struct running { /* one plan being carried out */
    struct reconciler *r;
    char key[QUEUE_KEY_SIZE];
    const char *rule;
    int64_t requeue_ms;
    bool held; /* only told a failure */
    struct plan_run *run;
    struct running *prev;
    struct running *next;
};

struct reconciler {
    struct kube *kube;
    struct reconciler_options options;
    struct sources src;
    struct event_handlers *handlers;
    struct refetcher *refetcher;
    struct give_back *give_back;
    struct queue *queue;
    struct effects fx;
    struct running *runs;
    size_t n_running;
    uint64_t n_syncs;
    struct key_errors *errors;
    struct arena *config_arena;
    struct config config;
    char *config_text; /* what views read of it */
    char *gateway_pins;
    char *ca_bundle;
    bool leads;
    uv_timer_t turn;
    uv_timer_t resync;
    unsigned n_timers; /* whose close callback is still to come */
};

static void turn(uv_timer_t *timer);
static void resync(uv_timer_t *timer);
static void work(struct reconciler *r, const char *key);
static void on_done(void *arg, const struct err *err);
static void settle(const struct running *run, const struct err *err);
static int64_t settle_error(const struct running *run, const struct err *err);
static void run_drop(struct running *run);
static bool send_desired(void *arg, const char *vmi_uid, const char *text);
static void on_changed(void *arg, const struct kind *kind, const struct object *object, bool removed);
static void on_due(void *arg, const char *key, enum queue_class class);
static void read_config(struct reconciler *r);
static void wake_after(struct reconciler *r, int64_t least_ms);
static void timer_init(struct reconciler *r, uv_loop_t *loop, uv_timer_t *timer);
static void timer_closed(uv_handle_t *handle);

static const struct log lg = {.part = "reconcile"};

static const struct metric m_passes = {
    .name = "vmbridge_reconcile_total", .help = "Reconcile passes by rule and result.", .type = METRIC_COUNTER};
static const struct metric m_actions = {
    .name = "vmbridge_actions_total", .help = "Actions planned, by kind.", .type = METRIC_COUNTER};
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
    r->queue = queue_new();
    r->errors = key_errors_new();
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
    timer_init(r, loop, &r->turn);
    timer_init(r, loop, &r->resync);
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
    queue_clear(r->queue);
    launchers_clear(r->src.launchers);
    struct running *run;
    struct running *tmp;
    DL_FOREACH_SAFE(r->runs, run, tmp) {
        plan_run_cancel(run->run);
        queue_done(r->queue, run->key, clock_mono_ms());
        run_drop(run);
    }
    queue_clear(r->queue);
    key_errors_clear_all(r->errors); /* whoever leads next finds them out, and tells them */
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
    AUTO(freep) char *pod_uid = launcher_pods_changed(&r->src, kind, object);

    give_back_count(r->give_back, object->why ? LARGE_NEWS : 1);
    if (object->wanted_bytes > 0 && !removed) {
        refetcher_wanted(r->refetcher);
    }
    if (kind->is_config) {
        read_config(r);
    }
    if (pod_uid && r->options.pod_changed) { /* a launcher's word counts no longer than its pod and its instance do */
        r->options.pod_changed(r->options.arg, pod_uid, removed);
    }
    if (removed) {
        launcher_pods_gone(&r->src, kind, object);
    }
}

static void
on_due(void *arg, const char *key, enum queue_class class)
{
    struct reconciler *r = arg;

    if (r->leads) {
        queue_add(r->queue, key, class, clock_mono_ms(), 0);
        wake_after(r, 0);
    }
}

static void
enqueue_launcher(struct reconciler *r, const char *vmi_uid)
{
    const struct launcher *l = launchers_get(r->src.launchers, vmi_uid);

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
    size_t n = 0;
    struct running *run;

    DL_COUNT(r->runs, run, n);
    metrics_set(m, &m_queue, NULL, (double)queue_len(r->queue));
    metrics_set(m, &m_running, NULL, (double)n);
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
    uv_close((uv_handle_t *)&r->resync, timer_closed);
    uv_close((uv_handle_t *)&r->turn, timer_closed);
}

static void
timer_init(struct reconciler *r, uv_loop_t *loop, uv_timer_t *timer)
{
    BUG_ON(uv_timer_init(loop, timer) != 0);
    timer->data = r;
    r->n_timers++;
}

static void
timer_closed(uv_handle_t *handle)
{
    struct reconciler *r = handle->data;

    if (--r->n_timers > 0) {
        return;
    }
    event_handlers_free(r->handlers);
    queue_free(r->queue);
    launchers_free(r->src.launchers);
    foreign_free(r->src.foreign);
    event_recorder_free(r->fx.events);
    key_errors_free(r->errors);
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
wake_after(struct reconciler *r, int64_t least_ms)
{
    int64_t wait = queue_wait_ms(r->queue, clock_mono_ms());

    if (wait >= 0) {
        BUG_ON(uv_timer_start(&r->turn, turn, (uint64_t)(wait > least_ms ? wait : least_ms), 0) != 0);
    }
}

/* A bounded number of keys per turn, so that watches and launchers get their share of the loop. */
static void
turn(uv_timer_t *timer)
{
    struct reconciler *r = CONTAINER_OF(timer, struct reconciler, turn);

    for (int i = 0; i < KEYS_PER_TURN && r->n_running < RUNS_MAX; i++) {
        const char *key = queue_pop(r->queue, clock_mono_ms());
        if (!key) {
            break;
        }
        work(r, key);
    }
    if (r->n_running < RUNS_MAX) {
        wake_after(r, 1); /* libuv calls what is due at once in this very round, before anything is read */
    }                     /* else the end of a run does */
}

static void
resync(uv_timer_t *timer)
{
    struct reconciler *r = CONTAINER_OF(timer, struct reconciler, resync);

    event_handlers_all(r->handlers);
}

static void
tell_actions(const struct running *run, const struct plan *plan)
{
    const struct reconciler *r = run->r;
    const struct log olg = {.part = "reconcile", .object = run->key, .pass = r->n_syncs};

    for (size_t i = 0; i < plan->n_actions; i++) {
        const struct action *a = &plan->actions[i];
        AUTO(freep) char *labels = xasprintf("kind=\"%s\"", a->as);
        metrics_add(r->options.metrics, &m_actions, labels, 1);
        log_info(&olg, "action", F_STR("rule", plan->rule), F_STR("action", a->as), F_STR("name", a->name));
    }
}

static void
work(struct reconciler *r, const char *key)
{
    struct running *run = XNEW(struct running);
    struct arena *arena = arena_new(SYNC_ARENA_MAX);
    struct sync_result result;

    r->n_syncs++;
    r->src.n_waiting = queue_len(r->queue);
    run->r = r;
    memcpy(run->key, key, strlen(key) + 1);
    const struct sync_call call = {
        .src = &r->src, .errors = r->errors, .key = key, .arena = arena, .now_s = clock_wall_s(), .rnd = random_u32()};
    AUTO(err_freep) struct err *e = sync_run(&call, &result);
    if (!e && arena_is_over(arena)) {
        e = err_new(ERR_INVALID, "the object is too large to be handled");
    }
    if (result.unchanged) {
        metrics_add(r->options.metrics, &m_passes, "rule=\"unchanged\",result=\"ok\"", 1);
    }
    if (e || !result.plan.rule) {
        arena_free(arena);
        settle(run, e);
        free(run);
        return;
    }
    run->rule = result.plan.rule;
    run->held = result.held;
    run->requeue_ms = result.held ? result.retry_ms : result.plan.requeue_ms;
    if (plan_is_quiet(&result.plan) && !run->held && run->requeue_ms == 0) {
        sync_settle(&call, &result);
    }
    tell_actions(run, &result.plan);
    r->n_running++;
    DL_APPEND(r->runs, run);
    run->run = plan_run(&r->fx, &result.target, &result.plan, arena, on_done, run);
    if (!run->run) {
        on_done(run, NULL);
    }
}

static void
on_done(void *arg, const struct err *err)
{
    struct running *run = arg;
    struct reconciler *r = run->r;
    AUTO(freep)
    char *labels = xasprintf("rule=\"%s\",result=\"%s\"", run->rule, err ? err_class_name(err_class(err)) : "ok");

    metrics_add(r->options.metrics, &m_passes, labels, 1);
    settle(run, err);
    run_drop(run);
    wake_after(r, 0);
}

static void
settle(const struct running *run, const struct err *err)
{
    struct reconciler *r = run->r;
    int64_t delay_ms = run->requeue_ms;

    if (err) {
        struct key_error *untold = run->held ? key_errors_get(r->errors, run->key) : NULL;
        if (untold) {
            untold->hold = true;
        }
        delay_ms = settle_error(run, err);
    } else if (!run->held) {
        queue_forget(r->queue, run->key);
        key_errors_clear(r->errors, run->key);
    }
    if (delay_ms > 0) {
        queue_add(r->queue, run->key, err ? QUEUE_BEGINNING : QUEUE_UNDER_WAY, clock_mono_ms(), delay_ms);
    }
    queue_done(r->queue, run->key, clock_mono_ms());
}

/* What the error class decides (docs/errors.md): milliseconds to the next try, 0 for none. */
static int64_t
settle_error(const struct running *run, const struct err *err)
{
    struct reconciler *r = run->r;
    const struct log olg = {.part = "reconcile", .object = run->key};
    int64_t delay_ms = 0;

    switch (err_class(err)) {
    case ERR_CONFLICT:
        return CONFLICT_MS;
    case ERR_NOT_FOUND:
        queue_forget(r->queue, run->key);
        return 0;
    case ERR_INVALID:
        delay_ms = INVALID_MS;
        break;
    case ERR_RETRY:
    case ERR_GONE:
    case ERR_FATAL:
        delay_ms = queue_backoff_ms(r->queue, run->key, random_u32());
        break;
    }
    log_warn(&olg, "pass failed", F_STR("class", err_class_name(err_class(err))), F_I64("retry_ms", delay_ms),
             F_ERR(err));
    if (key_errors_set(r->errors, run->key, err, delay_ms)) {
        return 1; /* once more at once, without the action: the status says why it failed */
    }
    return delay_ms;
}

static void
run_drop(struct running *run)
{
    run->r->n_running--;
    DL_DELETE(run->r->runs, run);
    free(run);
}

static bool
send_desired(void *arg, const char *vmi_uid, const char *text)
{
    struct reconciler *r = arg;
    const struct launcher *l = launchers_get(r->src.launchers, vmi_uid);

    if (!l || !l->connected || !r->options.send(r->options.arg, l->pod_uid, text)) {
        return false;
    }
    launchers_sent(r->src.launchers, vmi_uid, text);
    return true;
}
