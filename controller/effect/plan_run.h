// Carries out a plan: actions in order, the status if it differs, then word to the launcher and events. Loop thread only.
#ifndef VMB_PLAN_RUN_H
#define VMB_PLAN_RUN_H

#include "cache/informer.h"
#include "cache/launchers.h"
#include "effect/event_record.h"
#include "kube/request.h"
#include "reconcile/plan.h"

/* Where the effects go; borrowed for the life of every run. */
struct effects {
    struct kube *kube;
    struct informer **informers; /* by kind: answers to writes are seen at once */
    struct launchers *launchers; /* which pod was made for which instance */
    struct event_recorder *events;
    bool (*send)(void *arg, const char *vmi_uid, const char *text); /* to the launcher; false: not connected */
    void *arg;
};

/* The object that the plan is for. Strings are of the pass's arena. */
struct plan_target {
    enum kind kind;
    const char *namespace;
    const char *name;
    const char *uid;
    const char *resource_version; /* of the view: a status computed from an older one is refused by the API server */
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
