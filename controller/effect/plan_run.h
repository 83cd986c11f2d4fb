// Carries out a plan: actions in order, the status if it differs, then word to the launcher and events. Loop thread only.
#ifndef VMB_PLAN_RUN_H
#define VMB_PLAN_RUN_H

#include "effect/event_record.h"
#include "kube/request.h"
#include "reconcile/plan.h"
#include "reconcile/sources.h"

/* Where the effects go; borrowed for the life of every run. */
struct effects {
    struct kube *kube;
    const struct sources *src; /* answers to writes are seen at once in its caches */
    struct event_recorder *events;
    bool (*send)(void *arg, const char *vmi_uid, const struct desired *desired); /* false: not connected */
    void *arg;
};

struct plan_run;

/* 'err' is borrowed; NULL: all done. Called once, from the loop, never before plan_run returns. */
typedef void plan_done_fn(void *arg, const struct err *err);

/* Takes 'arena', which holds 'plan' and all it points to; it is freed after 'done'. Stops at the first error.
 * Returns NULL when the plan has nothing to do: 'done' is not called, and the arena is freed. */
struct plan_run *plan_run(const struct effects *fx, const struct plan_target *target, const struct plan *plan,
                          struct arena *arena, plan_done_fn *done, void *arg);

/* Gives up without 'done': leadership was lost. What was sent may still be carried out: each action may be repeated. */
void plan_run_cancel(struct plan_run *r);

/* Whether the plan asks for any call at all. */
bool plan_is_quiet(const struct plan *plan);

#endif
