// libuv's worker threads, one request in flight per lane.
#include "effect/lane.h"

static void lane_next(struct lane *l);

void
lane_init(struct lane *l, uv_loop_t *loop)
{
    *l = (struct lane){.loop = loop};
    l->request.data = l;
}

bool
lane_run(struct lane *l, struct lane_job *j)
{
    if (l->n_waiting == LANE_JOBS_MAX) {
        return false;
    }
    l->waiting[l->n_waiting++] = j;
    lane_next(l);
    return true;
}

bool
lane_is_busy(const struct lane *l)
{
    return l->running != NULL;
}

static void
on_work(uv_work_t *request)
{
    struct lane *l = request->data;

    l->running->work(l->running);
}

static void
on_work_done(uv_work_t *request, int status)
{
    struct lane *l = request->data;
    struct lane_job *j = STEAL(l->running);

    (void)status; /* never cancelled */
    j->done(j);
    lane_next(l);
}

static void
lane_next(struct lane *l)
{
    if (l->running || l->n_waiting == 0) {
        return;
    }
    l->running = l->waiting[0];
    l->n_waiting--;
    memmove(&l->waiting[0], &l->waiting[1], l->n_waiting * sizeof(struct lane_job *));
    BUG_ON(uv_queue_work(l->loop, &l->request, on_work, on_work_done) != 0);
}
