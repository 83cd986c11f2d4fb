// Wiring of the stages for one process: keys that are due become runs, and their results go back to the queue. Where keys come from is
// in feed.c.
#include "effect/reconciler.h"

#include "base/clock.h"
#include "base/random.h"
#include "cache/queue.h"
#include "cache/related.h"
#include "effect/api_path.h"
#include "effect/reconciler_priv.h"
#include "reconcile/vmi/vmi_view.h"

#include <utlist.h>

enum { RESYNC_MS = 30 * 60 * 1000, KEYS_PER_TURN = 64 };

static void turn(uv_timer_t *timer);
static void resync(uv_timer_t *timer);
static void work(struct reconciler *r, const char *key);
static void on_done(void *arg, const struct err *err);
static void settle(const struct running *run, const struct err *err);
static int64_t settle_error(const struct running *run, const struct err *err);
static void run_drop(struct running *run);
static bool send_desired(void *arg, const char *vmi_uid, const char *text);
static void timer_init(struct reconciler *r, uv_loop_t *loop, uv_timer_t *timer);
static void timer_closed(uv_handle_t *handle);

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

    r->kube = kube;
    r->options = *o;
    r->options.namespace = xstrdup(o->namespace);
    r->options.launcher_image = xstrdup(o->launcher_image);
    r->options.gateway = xstrdup(o->gateway);
    r->options.gateway_name = xstrdup(o->gateway_name);
    r->options.version = xstrdup(o->version);
    r->queue = queue_new();
    r->room = room_new();
    r->launchers = launchers_new();
    r->foreign = foreign_new();
    r->config_arena = arena_new(CONFIG_ARENA_MAX);
    r->fx = (struct effects){
        .kube = kube, .informers = r->informers, .launchers = r->launchers, .send = send_desired, .arg = r};
    r->fx.events = event_recorder_new(kube, o->instance);
    timer_init(r, loop, &r->turn);
    timer_init(r, loop, &r->resync);
    timer_init(r, loop, &r->give_back);
    timer_init(r, loop, &r->refetch);
    BUG_ON(uv_timer_start(&r->resync, resync, RESYNC_MS, RESYNC_MS) != 0);
    feed_start(r);
    reconciler_config(r);
    *ret_reconciler = r;
    return NULL;
}

void
reconciler_lead(struct reconciler *r, bool leads)
{
    r->leads = leads;
    if (leads) {
        feed_all(r);
        return;
    }
    queue_clear(r->queue);
    launchers_clear(r->launchers);
    struct running *run;
    struct running *tmp;
    DL_FOREACH_SAFE(r->runs, run, tmp) {
        plan_run_cancel(run->run);
        queue_done(r->queue, run->key, clock_mono_ms());
        run_drop(run);
    }
    queue_clear(r->queue);
    reconciler_errors_clear(r); /* whoever leads next finds them out, and tells them */
}

const char *
reconciler_waits_for(const struct reconciler *r)
{
    for (int k = 0; k < N_KINDS; k++) {
        if (!informer_is_synced(r->informers[k])) {
            return api_resource((enum kind)k);
        }
    }
    return NULL;
}

bool
reconciler_is_synced(const struct reconciler *r)
{
    return !reconciler_waits_for(r);
}

void
reconciler_set_ca(struct reconciler *r, const char *pins, const char *ca_bundle)
{
    free(r->gateway_pins);
    r->gateway_pins = xstrdup(pins);
    free(r->ca_bundle);
    r->ca_bundle = xstrdup(ca_bundle);
    reconciler_config(r);
    feed_all(r);
}

void
reconciler_set_pod_key(struct reconciler *r, const struct pod_key *key)
{
    bool is_new = !r->has_pod_key || memcmp(&r->pod_key, key, sizeof(*key)) != 0;

    r->pod_key = *key;
    r->has_pod_key = true;
    if (is_new) {
        r->config_version++;
        reconciler_config(r);
        feed_pods_again(r); /* what may be ours is another question now */
    }
}

/* The instance that a pod's name tells, or its owner when a version without a key named it. */
static const struct object *
vmi_of_pod(const struct reconciler *r, const char *namespace, const struct object *pod)
{
    const struct store *vmis = informer_store(r->informers[KIND_VMI]);
    char stem[POD_STEM_SIZE];
    bool has_stem = identity_stem_of_pod(strchr(pod->key, '/') + 1, stem);
    AUTO(freep) char *key = xasprintf("%s/%s", namespace, has_stem ? stem : pod->owner_name);
    const struct object *vmi = store_get(vmis, key);

    if (!vmi && has_stem) { /* cut from a long name */
        AUTO(freep) char *owner = xasprintf("%s/%s", namespace, pod->owner_name);
        vmi = store_get(vmis, owner);
    }
    return vmi;
}

bool
reconciler_who(struct reconciler *r, const char *namespace, const char *pod_name, const char *pod_uid,
               const char **ret_vmi_uid)
{
    AUTO(freep) char *key = xasprintf("%s/%s", namespace, pod_name);
    const struct object *pod = store_get(informer_store(r->informers[KIND_POD]), key);
    const struct object *vmi = pod && r->has_pod_key ? vmi_of_pod(r, namespace, pod) : NULL;

    if (!vmi || !str_eq(pod->uid, pod_uid)) {
        return false;
    }
    const struct launcher *l = launchers_get(r->launchers, vmi->uid);
    AUTO(arena_freep) struct arena *arena = arena_new(PASS_ARENA_MAX);
    const struct vmi_sources src = {.launchers = r->launchers, .config = &r->config};
    if (!(l && str_eq(l->made_uid, pod_uid)) && !vmi_view_owns(arena, &src, vmi, pod)) {
        return false;
    }
    launchers_name(r->launchers, vmi->uid, vmi->key);
    *ret_vmi_uid = vmi->uid;
    return true;
}

static void
enqueue_launcher(struct reconciler *r, const char *vmi_uid)
{
    const struct launcher *l = launchers_get(r->launchers, vmi_uid);

    feed_news(r, 1);
    if (l) {
        AUTO(freep) char *key = related_key(KIND_VMI, l->key);
        feed_key(r, key);
    }
}

void
reconciler_launcher_up(struct reconciler *r, const char *vmi_uid, const char *pod_uid)
{
    launchers_connected(r->launchers, vmi_uid, pod_uid);
    enqueue_launcher(r, vmi_uid);
}

void
reconciler_launcher_down(struct reconciler *r, const char *vmi_uid, const char *pod_uid)
{
    launchers_disconnected(r->launchers, vmi_uid, pod_uid);
    enqueue_launcher(r, vmi_uid);
}

void
reconciler_launcher_state(struct reconciler *r, const char *vmi_uid, const char *pod_uid, const char *text, size_t len)
{
    if (launchers_state(r->launchers, vmi_uid, pod_uid, text, len)) {
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
    metrics_set(m, &m_foreign, NULL, (double)foreign_count(r->foreign));
    metrics_set(m, &m_launchers, NULL, (double)launchers_count(r->launchers));
    for (int k = 0; k < N_KINDS; k++) {
        const struct store *s = informer_store(r->informers[k]);
        AUTO(freep) char *labels = xasprintf("kind=\"%s\"", kind_name((enum kind)k));
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
    for (int k = 0; k < N_KINDS; k++) {
        watch_close(r->sources[k].watch);
    }
    refetch_stop(r);
    uv_close((uv_handle_t *)&r->refetch, timer_closed);
    uv_close((uv_handle_t *)&r->give_back, timer_closed);
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
    for (int k = 0; k < N_KINDS; k++) {
        informer_free(r->informers[k]);
    }
    room_free(r->room);
    queue_free(r->queue);
    launchers_free(r->launchers);
    foreign_free(r->foreign);
    event_recorder_free(r->fx.events);
    reconciler_errors_clear(r);
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

void
reconciler_wake(struct reconciler *r)
{
    wake_after(r, 0);
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
    feed_all(CONTAINER_OF(timer, struct reconciler, resync));
}

static void
work(struct reconciler *r, const char *key)
{
    struct running *run = XNEW(struct running);
    struct arena *arena = arena_new(PASS_ARENA_MAX);
    struct plan plan = {0};
    struct plan_target target = {0};
    struct pass pass = {.r = r, .key = key, .arena = arena, .now_s = clock_wall_s(), .rnd = random_u32()};

    r->n_passes++;
    run->r = r;
    memcpy(run->key, key, strlen(key) + 1);
    AUTO(err_freep) struct err *e = pass_plan(&pass, &target, &plan);
    if (!e && arena_is_over(arena)) {
        e = err_new(ERR_INVALID, "the object is too large to be handled");
    }
    if (pass.unchanged) {
        metrics_add(r->options.metrics, &m_passes, "rule=\"unchanged\",result=\"ok\"", 1);
    }
    if (e || !plan.rule) {
        arena_free(arena);
        settle(run, e);
        free(run);
        return;
    }
    run->rule = plan.rule;
    run->held = pass.held;
    run->requeue_ms = pass.held ? pass.retry_ms : plan.requeue_ms;
    if (plan_is_quiet(&plan) && !run->held && run->requeue_ms == 0) {
        pass_settle(&pass, &target);
    }
    for (size_t i = 0; i < plan.n_actions; i++) {
        AUTO(freep) char *labels = xasprintf("kind=\"%s\"", action_name(plan.actions[i].kind));
        metrics_add(r->options.metrics, &m_actions, labels, 1);
        const struct log olg = {.part = "reconcile", .object = run->key, .pass = r->n_passes};
        log_info(&olg, "action", F_STR("rule", plan.rule), F_STR("action", action_name(plan.actions[i].kind)),
                 F_STR("name", plan.actions[i].name));
    }
    r->n_running++;
    DL_APPEND(r->runs, run);
    run->run = plan_run(&r->fx, &target, &plan, arena, on_done, run);
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
    reconciler_wake(r);
}

static void
settle(const struct running *run, const struct err *err)
{
    struct reconciler *r = run->r;
    int64_t delay_ms = run->requeue_ms;

    if (err) {
        struct key_error *untold = run->held ? reconciler_error(r, run->key) : NULL;
        if (untold) {
            untold->hold = true;
        }
        delay_ms = settle_error(run, err);
    } else if (!run->held) {
        queue_forget(r->queue, run->key);
        reconciler_error_clear(r, run->key);
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
    if (reconciler_error_set(r, run->key, err, delay_ms)) {
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
    const struct launcher *l = launchers_get(r->launchers, vmi_uid);

    if (!l || !l->connected || !r->options.send(r->options.arg, l->pod_uid, text)) {
        return false;
    }
    launchers_sent(r->launchers, vmi_uid, text);
    return true;
}
