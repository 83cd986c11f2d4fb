// Filling a plan.
#include "reconcile/plan.h"

#include "cache/kind.h"

#include <stdarg.h>

enum { FIRST_SIZE = 4 };

/* 'items' with room for one more. */
static void *
grown(struct arena *arena, void *items, size_t n, size_t *size, size_t item_bytes)
{
    if (n < *size) {
        return items;
    }
    *size = *size > 0 ? 2 * *size : FIRST_SIZE;
    void *more = arena_alloc(arena, *size, item_bytes);
    if (n > 0) {
        memcpy(more, items, n * item_bytes);
    }
    return more;
}

static const char *
verb_name(enum verb verb)
{
    static const char *const names[] = {"create", "delete", "patch", "apply", "patch", "seek", "confirm", "read"};

    return names[verb];
}

struct action *
plan_add(struct plan *p, enum verb verb, const struct kind *kind, const struct meta *target, const json_t *body)
{
    p->actions = grown(p->arena, p->actions, p->n_actions, &p->actions_size, sizeof(*p->actions));
    struct action *a = &p->actions[p->n_actions++];

    *a = (struct action){.verb = verb,
                         .kind = kind,
                         .as = arena_printf(p->arena, "%s-%s", verb_name(verb), kind->name),
                         .namespace = target->namespace ? target->namespace : "",
                         .name = target->name,
                         .uid = target->uid,
                         .body = body};
    return a;
}

void
plan_event(struct plan *p, const char *type, const char *reason, const char *fmt, ...)
{
    va_list ap;
    AUTO(freep) char *message = NULL;

    va_start(ap, fmt);
    int n = vasprintf(&message, fmt, ap);
    va_end(ap);
    BUG_ON(n < 0);
    p->events = grown(p->arena, p->events, p->n_events, &p->events_size, sizeof(*p->events));
    p->events[p->n_events++] =
        (struct event_plan){.type = type, .reason = reason, .message = arena_strdup(p->arena, message)};
}

void
plan_tell(struct plan *p, const char *pod_uid, const char *text)
{
    p->desired = grown(p->arena, p->desired, p->n_desired, &p->desired_size, sizeof(*p->desired));
    p->desired[p->n_desired++] = (struct desired){.pod_uid = pod_uid, .text = text};
}

void
plan_requeue(struct plan *p, int64_t ms)
{
    if (ms > 0 && (p->requeue_ms == 0 || ms < p->requeue_ms)) {
        p->requeue_ms = ms;
    }
}

bool
plan_has(const struct plan *p, enum verb verb, const struct kind *kind)
{
    for (size_t i = 0; i < p->n_actions; i++) {
        if (p->actions[i].verb == verb && p->actions[i].kind == kind) {
            return true;
        }
    }
    return false;
}
