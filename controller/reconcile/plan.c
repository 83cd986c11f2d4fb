// Filling a plan.
#include "reconcile/plan.h"

#include <stdarg.h>

struct action *
plan_add(struct plan *p, enum action_kind kind, const struct meta *target, const json_t *body)
{
    BUG_ON(p->n_actions == PLAN_ACTIONS_MAX);
    struct action *a = &p->actions[p->n_actions++];

    *a = (struct action){
        .kind = kind, .namespace = target->namespace, .name = target->name, .uid = target->uid, .body = body};
    return a;
}

void
plan_event(struct plan *p, const char *type, const char *reason, const char *fmt, ...)
{
    va_list ap;
    AUTO(freep) char *message = NULL;

    BUG_ON(p->n_events == PLAN_EVENTS_MAX);
    va_start(ap, fmt);
    int n = vasprintf(&message, fmt, ap);
    va_end(ap);
    BUG_ON(n < 0);
    p->events[p->n_events++] =
        (struct event_plan){.type = type, .reason = reason, .message = arena_strdup(p->arena, message)};
}

void
plan_requeue(struct plan *p, int64_t ms)
{
    if (ms > 0 && (p->requeue_ms == 0 || ms < p->requeue_ms)) {
        p->requeue_ms = ms;
    }
}

bool
action_is_create(enum action_kind kind)
{
    return kind == ACTION_CREATE_VMI || kind == ACTION_CREATE_PVC || kind == ACTION_CREATE_POD;
}

const char *
action_name(enum action_kind kind)
{
    static const char *const names[] = {"create-vmi",  "delete-vmi", "patch-vmi",  "adopt-vmi",
                                        "release-vmi", "create-pvc", "create-pod", "delete-pod",
                                        "patch-pod",   "label-pod",  "seek-pod",   "read-warnings"};

    return names[kind];
}
