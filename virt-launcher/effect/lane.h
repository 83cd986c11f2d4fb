// Calls that block, one after another, off the loop thread: the domain has a lane, the guest agent has another, so that a frozen
// agent never delays a shutdown. A job is owned by the lane while it runs and touches nothing but itself.
#ifndef VMB_LANE_H
#define VMB_LANE_H

#include <uv.h>

#include "base/base.h"

enum { LANE_JOBS_MAX = 16 };

struct lane_job {
    void (*work)(struct lane_job *j); /* on a worker thread */
    void (*done)(struct lane_job *j); /* on the loop thread; takes the job */
};

struct lane {
    uv_loop_t *loop;
    struct lane_job *waiting[LANE_JOBS_MAX];
    unsigned n_waiting;
    struct lane_job *running;
    uv_work_t request;
};

void lane_init(struct lane *l, uv_loop_t *loop);
/* Takes the job. False, and the job stays the caller's, when too many wait. Loop thread. */
MUST_CHECK bool lane_run(struct lane *l, struct lane_job *j);
bool lane_is_busy(const struct lane *l);

#endif
