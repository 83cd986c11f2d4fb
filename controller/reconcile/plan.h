// What a sync decides: actions in order, a status, events, and when to sync again. Pure; all memory is the sync's arena.
#ifndef VMB_PLAN_H
#define VMB_PLAN_H

#include "api/walk/meta.h"

struct kind;

enum verb {
    VERB_CREATE,
    VERB_DELETE,
    VERB_MERGE_PATCH,
    VERB_APPLY,
    VERB_JSON_PATCH,
    VERB_SEEK,        /* a read: goes on only when the object of that name and UID (NULL: any) is gone */
    VERB_CONFIRM,     /* a read: goes on only while the object of that UID is there and is not being deleted */
    VERB_READ_EVENTS, /* a read: warnings about the object; another sync when they say something new */
};

/* One API call. Each may be repeated safely: names are derived, deletes and patches bear the UID. */
struct action {
    enum verb verb;
    const struct kind *kind;
    const char *as; /* for logs, metrics, tests: "create-pod" */
    const char *namespace;
    const char *name;
    const char *uid;        /* precondition of delete and patch; NULL for create, and when it is not known */
    const json_t *body;     /* the object, the merge patch, or the steps of a JSON patch; of the arena */
    bool is_any_version;    /* of a patch: whatever else has changed meanwhile */
    bool is_name_guessable; /* of a create: what bears the name already may be anybody's, so the next sync judges it */
    bool is_of_template;    /* of a create: a refusal names fields of the template that the object was made from */
};

/* An event to record once the actions and the status write have succeeded. */
struct event_plan {
    const char *type; /* "Normal" or "Warning" */
    const char *reason;
    const char *message;
};

/* What one launcher is told. */
struct desired {
    const char *pod_uid;
    const char *text;
};

/* The object that a plan is for. Strings are of the sync's arena. */
struct plan_target {
    const struct kind *kind;
    const char *namespace;
    const char *name;
    const char *uid;
    const char *resource_version; /* of the view: a status computed from an older one is refused by the API server */
};

struct plan {
    struct arena *arena;
    const char *rule; /* name of the rule that matched: log field and metric label */
    struct action *actions;
    size_t n_actions;
    size_t actions_size;
    struct event_plan *events;
    size_t n_events;
    size_t events_size;
    const json_t *status_old; /* what the object has, of the fields that vmbridge writes */
    const json_t *status_new; /* what it should have; NULL: not computed */
    bool status_anew;         /* the status is written as a whole: what the object has is not known */
    struct desired *desired;  /* only for launchers to which there is something to say */
    size_t n_desired;
    size_t desired_size;
    int64_t requeue_ms; /* 0: only when something changes */
};

/* Valid until the next one is added. */
struct action *plan_add(struct plan *p, enum verb verb, const struct kind *kind, const struct meta *target,
                        const json_t *body);
PRINTF_LIKE(4, 5) void plan_event(struct plan *p, const char *type, const char *reason, const char *fmt, ...);
/* Both of the sync's arena. */
void plan_tell(struct plan *p, const char *pod_uid, const char *text);
/* Keeps the earlier of the two times; 'ms' <= 0 is ignored. */
void plan_requeue(struct plan *p, int64_t ms);

/* Whether there is such an action. */
bool plan_has(const struct plan *p, enum verb verb, const struct kind *kind);

#endif
