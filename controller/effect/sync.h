// One sync of one key: its object becomes a view, the view a plan, unless nothing of what it is made of has changed. Loop thread only.
#ifndef VMB_EFFECT_SYNC_H
#define VMB_EFFECT_SYNC_H

#include "effect/key_errors.h"
#include "reconcile/sync.h"

enum { SYNC_ARENA_MAX = 4 * 1024 * 1024 };

struct sync_call {
    const struct sources *src;
    const struct key_errors *errors;
    const char *key;     /* "vmi/default/vm1" */
    struct arena *arena; /* of the result */
    int64_t now_s;
    uint32_t rnd;
};

struct sync_result {
    struct plan_target target;
    struct plan plan;     /* without a rule: nothing is to be done, the object is gone or unchanged */
    bool held;            /* actions that failed are left out, to tell the failure */
    int64_t retry_ms;     /* when held: until they are tried again */
    uint64_t fingerprint; /* of the view; 0: it counts for nothing */
    bool unchanged;       /* an earlier sync of the same fingerprint found nothing to do */
};

MUST_CHECK struct err *sync_run(const struct sync_call *call, struct sync_result *ret_result);

/* Nothing was to be done, and time alone changes nothing: the next sync of the same fingerprint is spared. */
void sync_settle(const struct sync_call *call, const struct sync_result *result);

#endif
