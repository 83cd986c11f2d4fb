// A turn takes a bounded number of keys; results go back to the queue by error class (docs/errors.md).
#include "effect/worker.h"

#include "base/clock.h"
#include "base/random.h"
#include "effect/sync.h"

#include <utlist.h>

enum {
    KEYS_PER_TURN = 64,
    RUNS_MAX = 24, /* at once: a busy API server answers more of them no sooner, and each one later */
    CONFLICT_MS = 100,
    INVALID_MS = 30000
};

struct running { /* one plan being carried out */
    struct worker *w;
    char key[QUEUE_KEY_SIZE];
    const char *rule;
    int64_t requeue_ms;
    bool held; /* only told a failure */
    struct plan_run *run;
    struct running *prev;
    struct running *next;
};

struct worker {
    struct sources *src;
    const struct effects *fx;
    struct metrics *metrics;
    struct queue *queue;
    struct key_errors *errors;
    struct running *runs;
    size_t n_running;
    uint64_t n_syncs;
    uv_timer_t turn;
};

static void turn(uv_timer_t *timer);
static void work(struct worker *w, const char *key);
static void on_done(void *arg, const struct err *err);
static void settle(const struct running *run, const struct err *err);
static int64_t settle_error(const struct running *run, const struct err *err);
static void run_drop(struct running *run);

static const struct metric m_passes = {
    .name = "vmbridge_reconcile_total", .help = "Reconcile passes by rule and result.", .type = METRIC_COUNTER};
static const struct metric m_actions = {
    .name = "vmbridge_actions_total", .help = "Actions planned, by kind.", .type = METRIC_COUNTER};

struct worker *
worker_new(uv_loop_t *loop, struct sources *src, const struct effects *fx, struct metrics *metrics)
{
    struct worker *w = XNEW(struct worker);

    w->src = src;
    w->fx = fx;
    w->metrics = metrics;
    w->queue = queue_new();
    w->errors = key_errors_new();
    BUG_ON(uv_timer_init(loop, &w->turn) != 0);
    return w;
}

static void
wake_after(struct worker *w, int64_t least_ms)
{
    int64_t wait = queue_wait_ms(w->queue, clock_mono_ms());

    if (wait >= 0) {
        BUG_ON(uv_timer_start(&w->turn, turn, (uint64_t)(wait > least_ms ? wait : least_ms), 0) != 0);
    }
}

void
worker_add(struct worker *w, const char *key, enum queue_class class, int64_t delay_ms)
{
    queue_add(w->queue, key, class, clock_mono_ms(), delay_ms);
    wake_after(w, 0);
}

void
worker_stop(struct worker *w)
{
    struct running *run;
    struct running *tmp;

    queue_clear(w->queue);
    DL_FOREACH_SAFE(w->runs, run, tmp) {
        plan_run_cancel(run->run);
        queue_done(w->queue, run->key, clock_mono_ms());
        run_drop(run);
    }
    queue_clear(w->queue);
    key_errors_clear_all(w->errors);
}

size_t
worker_queued(const struct worker *w)
{
    return queue_len(w->queue);
}

size_t
worker_running(const struct worker *w)
{
    return w->n_running;
}

static void
on_closed(uv_handle_t *handle)
{
    struct worker *w = CONTAINER_OF(handle, struct worker, turn);

    queue_free(w->queue);
    key_errors_free(w->errors);
    free(w);
}

void
worker_close(struct worker *w)
{
    uv_close((uv_handle_t *)&w->turn, on_closed);
}

/* A bounded number of keys per turn, so that watches and launchers get their share of the loop. */
static void
turn(uv_timer_t *timer)
{
    struct worker *w = CONTAINER_OF(timer, struct worker, turn);

    for (int i = 0; i < KEYS_PER_TURN && w->n_running < RUNS_MAX; i++) {
        const char *key = queue_pop(w->queue, clock_mono_ms());
        if (!key) {
            break;
        }
        work(w, key);
    }
    if (w->n_running < RUNS_MAX) {
        wake_after(w, 1); /* libuv calls what is due at once in this very round, before anything is read */
    }                     /* else the end of a run does */
}

static void
tell_actions(const struct running *run, const struct plan *plan)
{
    const struct worker *w = run->w;
    const struct log olg = {.part = "reconcile", .object = run->key, .pass = w->n_syncs};

    for (size_t i = 0; i < plan->n_actions; i++) {
        const struct action *a = &plan->actions[i];
        AUTO(freep) char *labels = xasprintf("kind=\"%s\"", a->as);
        metrics_add(w->metrics, &m_actions, labels, 1);
        log_info(&olg, "action", F_STR("rule", plan->rule), F_STR("action", a->as), F_STR("name", a->name));
    }
}

static void
work(struct worker *w, const char *key)
{
    struct running *run = XNEW(struct running);
    struct arena *arena = arena_new(SYNC_ARENA_MAX);
    struct sync_result result;

    w->n_syncs++;
    w->src->n_waiting = queue_len(w->queue);
    run->w = w;
    memcpy(run->key, key, strlen(key) + 1);
    const struct sync_call call = {
        .src = w->src, .errors = w->errors, .key = key, .arena = arena, .now_s = clock_wall_s(), .rnd = random_u32()};
    AUTO(err_freep) struct err *e = sync_run(&call, &result);
    if (!e && arena_is_over(arena)) {
        e = err_new(ERR_INVALID, "the object is too large to be handled");
    }
    if (result.unchanged) {
        metrics_add(w->metrics, &m_passes, "rule=\"unchanged\",result=\"ok\"", 1);
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
    w->n_running++;
    DL_APPEND(w->runs, run);
    run->run = plan_run(w->fx, &result.target, &result.plan, arena, on_done, run);
    if (!run->run) {
        on_done(run, NULL);
    }
}

static void
on_done(void *arg, const struct err *err)
{
    struct running *run = arg;
    struct worker *w = run->w;
    AUTO(freep)
    char *labels = xasprintf("rule=\"%s\",result=\"%s\"", run->rule, err ? err_class_name(err_class(err)) : "ok");

    metrics_add(w->metrics, &m_passes, labels, 1);
    settle(run, err);
    run_drop(run);
    wake_after(w, 0);
}

static void
settle(const struct running *run, const struct err *err)
{
    struct worker *w = run->w;
    int64_t delay_ms = run->requeue_ms;

    if (err) {
        struct key_error *untold = run->held ? key_errors_get(w->errors, run->key) : NULL;
        if (untold) {
            untold->hold = true;
        }
        delay_ms = settle_error(run, err);
    } else if (!run->held) {
        queue_forget(w->queue, run->key);
        key_errors_clear(w->errors, run->key);
    }
    if (delay_ms > 0) {
        queue_add(w->queue, run->key, err ? QUEUE_BEGINNING : QUEUE_UNDER_WAY, clock_mono_ms(), delay_ms);
    }
    queue_done(w->queue, run->key, clock_mono_ms());
}

/* What the error class decides (docs/errors.md): milliseconds to the next try, 0 for none. */
static int64_t
settle_error(const struct running *run, const struct err *err)
{
    struct worker *w = run->w;
    const struct log olg = {.part = "reconcile", .object = run->key};
    int64_t delay_ms = 0;

    switch (err_class(err)) {
    case ERR_CONFLICT:
        return CONFLICT_MS;
    case ERR_NOT_FOUND:
        queue_forget(w->queue, run->key);
        return 0;
    case ERR_INVALID:
        delay_ms = INVALID_MS;
        break;
    case ERR_RETRY:
    case ERR_GONE:
    case ERR_FATAL:
        delay_ms = queue_backoff_ms(w->queue, run->key, random_u32());
        break;
    }
    log_warn(&olg, "pass failed", F_STR("class", err_class_name(err_class(err))), F_I64("retry_ms", delay_ms),
             F_ERR(err));
    if (key_errors_set(w->errors, run->key, err, delay_ms)) {
        return 1; /* once more at once, without the action: the status says why it failed */
    }
    return delay_ms;
}

static void
run_drop(struct running *run)
{
    run->w->n_running--;
    DL_DELETE(run->w->runs, run);
    free(run);
}
