// The one worker: takes keys that are due, makes their syncs, has the plans carried out, and puts back what is to come again. Loop thread
// only.
#ifndef VMB_WORKER_H
#define VMB_WORKER_H

#include <uv.h>

#include "base/metrics.h"
#include "cache/queue.h"
#include "effect/plan_run.h"

struct worker;

/* Borrows all; 'metrics' may be NULL. Before each sync it notes in 'src' how much waits. */
MUST_CHECK struct worker *worker_new(uv_loop_t *loop, struct sources *src, const struct effects *fx,
                                     struct metrics *metrics);
/* A key is due after so long. */
void worker_add(struct worker *w, const char *key, enum queue_class class, int64_t delay_ms);
/* Leadership was lost: forgets all that waits, gives up what is being carried out; whoever leads next finds failures out himself. */
void worker_stop(struct worker *w);
size_t worker_queued(const struct worker *w);
size_t worker_running(const struct worker *w);
/* After worker_stop(); the memory goes when the loop has closed the handle. */
void worker_close(struct worker *w);

#endif
