// What a reconcile step decides: actions in order, a status, events, and when to look again. Pure; all memory is the pass's arena.
#ifndef VMB_PLAN_H
#define VMB_PLAN_H

#include "api/walk/meta.h"

enum action_kind {
    ACTION_CREATE_VMI,
    ACTION_DELETE_VMI,
    ACTION_PATCH_VMI,   /* metadata only: labels */
    ACTION_ADOPT_VMI,   /* metadata only: an owner is applied */
    ACTION_RELEASE_VMI, /* finalizers of ours go, whatever stands beside them */
    ACTION_CREATE_PVC,
    ACTION_CREATE_POD,
    ACTION_DELETE_POD,
    ACTION_PATCH_POD,     /* metadata only: annotations */
    ACTION_LABEL_POD,     /* the labels it is watched by, whatever else has changed meanwhile */
    ACTION_SEEK_POD,      /* a read: goes on only when the pod of that name and UID (NULL: any) is gone */
    ACTION_READ_WARNINGS, /* a read: what events say of the pod; another pass when it is something new */
};

/* One API call. Each may be repeated safely: names are derived, deletes and patches bear the UID. */
struct action {
    enum action_kind kind;
    const char *namespace;
    const char *name;
    const char *uid;    /* precondition of delete and patch; NULL for create, and when it is not known */
    const json_t *body; /* the object to create, the merge patch, or the steps of a JSON patch (release); of the arena */
    bool is_of_template; /* create-pod: the instance is a VirtualMachine's, whose fields a refusal names */
};

/* An event to record once the actions and the status write have succeeded. */
struct event_plan {
    const char *type; /* "Normal" or "Warning" */
    const char *reason;
    const char *message;
};

enum { PLAN_ACTIONS_MAX = 4, PLAN_EVENTS_MAX = 5 };

struct plan {
    struct arena *arena;
    const char *rule; /* name of the rule that matched: log field and metric label */
    struct action actions[PLAN_ACTIONS_MAX];
    size_t n_actions;
    struct event_plan events[PLAN_EVENTS_MAX];
    size_t n_events;
    const json_t *status_old; /* what the object has, of the fields that vmbridge writes */
    const json_t *status_new; /* what it should have; NULL: not computed */
    bool status_anew;         /* the status is written as a whole: what the object has is not known */
    const char *desired;      /* text for the launcher, or NULL: nothing to say */
    int64_t requeue_ms;       /* 0: only when something changes */
};

struct action *plan_add(struct plan *p, enum action_kind kind, const struct meta *target, const json_t *body);
PRINTF_LIKE(4, 5) void plan_event(struct plan *p, const char *type, const char *reason, const char *fmt, ...);
/* Keeps the earlier of the two times; 'ms' <= 0 is ignored. */
void plan_requeue(struct plan *p, int64_t ms);

bool action_is_create(enum action_kind kind);

/* Name of an action for logs, metrics and tests: "create-pod". */
const char *action_name(enum action_kind kind);

#endif
