// Many writes with a bounded number under way: jobs of one or more steps, the steps of a job one after the other. Loop thread only.
#ifndef VMB_LOAD_BATCH_H
#define VMB_LOAD_BATCH_H

#include "kube/request.h"

enum { BATCH_PARALLEL_MAX = 200 }; /* what kube/request.h has on the wire at once */

/* One request; 'path' and 'body' (may be NULL) are taken. */
struct batch_write {
    enum kube_verb verb;
    const char *resource; /* borrowed */
    char *path;
    char *body;
};

struct batch_result {
    size_t n_done;           /* jobs whose steps have all succeeded */
    size_t n_failed;         /* jobs that ended at a step */
    size_t n_writes;         /* requests that were answered as hoped */
    double seconds;          /* from the first request to the last answer */
    const struct err *first; /* the first failure, or NULL; borrowed */
};

struct batch_plan {
    size_t n_jobs;
    size_t n_steps; /* of each job */
    size_t parallel;
    int64_t gap_ms; /* a job starts no sooner than so long after the one before it */
    /* Makes the request of a step; called when it is about to be sent. */
    void (*make)(void *arg, size_t job, size_t step, struct batch_write *ret_write);
    /* Looks at an answer; false: the job has failed. NULL: every 2xx is a success. */
    bool (*took)(void *arg, size_t job, size_t step, const struct kube_reply *reply);
    /* Once, not from within batch_start. The batch is freed after it. */
    void (*done)(void *arg, const struct batch_result *result);
    void *arg;
};

/* Begins; 'plan' is copied. Goes on until 'done'. */
void batch_start(uv_loop_t *loop, struct kube *k, const struct batch_plan *plan);

#endif
