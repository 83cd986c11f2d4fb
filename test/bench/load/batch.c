// Lanes that take one job after the other.
#include "batch.h"

#include "base/clock.h"

struct lane {
    struct batch *batch;
    size_t job;
    size_t step;
};

struct batch {
    struct kube *k;
    struct batch_plan plan;
    struct batch_result result;
    struct err *first;
    uv_timer_t timer; /* the next job may not start yet, or all is over */
    struct lane *lanes;
    struct lane **idle;
    size_t n_idle;
    size_t next; /* job */
    uint64_t started_ns;
    int64_t started_ms;
};

static void batch_fill(struct batch *b);
static void lane_send(struct lane *l);

static void
on_closed(uv_handle_t *handle)
{
    struct batch *b = handle->data;

    b->result.first = b->first;
    b->plan.done(b->plan.arg, &b->result);
    err_free(b->first);
    free(b->lanes);
    free(b->idle);
    free(b);
}

static void
on_timer(uv_timer_t *timer)
{
    batch_fill(timer->data);
}

/* Starts what may start; ends the batch when nothing is left. */
static void
batch_fill(struct batch *b)
{
    const struct batch_plan *p = &b->plan;

    while (b->n_idle > 0 && b->next < p->n_jobs) {
        int64_t wait_ms = b->started_ms + (int64_t)b->next * p->gap_ms - clock_mono_ms();
        if (p->gap_ms > 0 && wait_ms > 0) {
            BUG_ON(uv_timer_start(&b->timer, on_timer, (uint64_t)wait_ms, 0) != 0);
            return;
        }
        struct lane *l = b->idle[--b->n_idle];
        l->job = b->next++;
        l->step = 0;
        lane_send(l);
    }
    if (b->n_idle == p->parallel && b->next == p->n_jobs) {
        b->result.seconds = (double)(uv_hrtime() - b->started_ns) / 1e9;
        uv_close((uv_handle_t *)&b->timer, on_closed);
    }
}

static bool
lane_took(struct lane *l, const struct kube_reply *reply)
{
    struct batch *b = l->batch;

    if (b->plan.took) {
        return b->plan.took(b->plan.arg, l->job, l->step, reply);
    }
    return !reply->err;
}

static void
on_reply(void *arg, const struct kube_reply *reply)
{
    struct lane *l = arg;
    struct batch *b = l->batch;
    bool is_well = lane_took(l, reply);

    b->result.n_writes += is_well;
    if (!is_well && !b->first) {
        b->first = reply->err ? err_copy(reply->err) : err_new(ERR_RETRY, "an answer was not understood");
    }
    l->step++;
    if (is_well && l->step < b->plan.n_steps) {
        lane_send(l);
        return;
    }
    *(is_well ? &b->result.n_done : &b->result.n_failed) += 1;
    b->idle[b->n_idle++] = l;
    batch_fill(b);
}

static void
lane_send(struct lane *l)
{
    struct batch_write w = {.resource = ""};

    l->batch->plan.make(l->batch->plan.arg, l->job, l->step, &w);
    const struct kube_call call = {.verb = w.verb, .path = w.path, .resource = w.resource, .body = w.body};
    (void)kube_send(l->batch->k, &call, on_reply, l); /* never cancelled */
    free(w.path);
    free(w.body);
}

void
batch_start(uv_loop_t *loop, struct kube *k, const struct batch_plan *plan)
{
    struct batch *b = XNEW(struct batch);

    b->k = k;
    b->plan = *plan;
    b->plan.parallel = plan->parallel < 1 ? 1 : plan->parallel;
    b->plan.parallel = b->plan.parallel > BATCH_PARALLEL_MAX ? BATCH_PARALLEL_MAX : b->plan.parallel;
    b->lanes = xcalloc(b->plan.parallel, sizeof(*b->lanes));
    b->idle = xcalloc(b->plan.parallel, sizeof(struct lane *));
    for (size_t i = b->plan.parallel; i > 0; i--) {
        b->lanes[i - 1].batch = b;
        b->idle[b->n_idle++] = &b->lanes[i - 1];
    }
    BUG_ON(uv_timer_init(loop, &b->timer) != 0);
    b->timer.data = b;
    b->started_ns = uv_hrtime();
    b->started_ms = clock_mono_ms();
    uv_update_time(loop);
    BUG_ON(uv_timer_start(&b->timer, on_timer, 0, 0) != 0);
}
