// One sync: an object, the time, and what failed before, of which a kind makes its view and its plan. Pure.
#ifndef VMB_SYNC_H
#define VMB_SYNC_H

#include "reconcile/plan.h"
#include "reconcile/sources.h"

struct sync {
    const struct kind *kind; /* of the object */
    struct arena *arena;     /* of the view and of the plan */
    const struct sources *src;
    int64_t now_s; /* wall clock */
    uint32_t rnd;
    const char *why;        /* why no more than headers of objects are looked at, or NULL */
    const char *last_error; /* why the last action for this object failed, or NULL */
    bool error_lasts;       /* of last_error: until somebody mends it */
    bool hold;              /* the failure is new: the status tells it before the next try */
    bool reads_error;       /* out: the plan was made with the failure in view (sync_error) */
};

/* The last failure, for a view that tells it. */
const char *sync_error(struct sync *s);

/* The object, or of it no more than the header when the sync has no memory for more. */
struct object sync_object(const struct sync *s, const struct object *o);

#endif
