// Takes from an API object what reconcile reads, and nothing else: that is what the cache keeps. Pure.
#ifndef VMB_CUT_H
#define VMB_CUT_H

#include "cache/store.h"

enum {
    CUT_TEXT_MAX = 256 * 1024,        /* of an object without its status: what a pod's annotations may have in all */
    CUT_STATUS_MAX = 128 * 1024,      /* ours is a tenth of that at most */
    CUT_HEADER_STATUS_MAX = 16 * 1024 /* beside a header */
};

/* Paths in an object that its cut is made of, for a reader that builds nothing else (base/json.h); of an object that is too large,
 * those of its header. */
const char *const *cut_parts(enum kind kind);
const char *const *cut_header_parts(enum kind kind);

/* New tree that shares its leaves with 'object'; the caller owns it. Of finalizers it has the places of ours ("#7"), of owners the
 * controlling one, if it is legally named. A cut of a cut is the same. */
MUST_CHECK json_t *cut_object(enum kind kind, const json_t *object);

/* The same of a header: metadata, of a VM its run strategy, the status if it is short. */
MUST_CHECK json_t *cut_header(enum kind kind, const json_t *object);

/* Whether the object bears names that an object can have. */
bool cut_is_legal(const json_t *object);

/* The text of a tree, which the caller frees, and its length; NULL when it is longer than 'max', which costs no more than so much. */
MUST_CHECK char *cut_text(const json_t *j, size_t max, size_t *ret_len);

/* Says in a cut that there was a status which is not kept: it is to be written as a whole. */
void cut_lose_status(json_t *cut);
bool cut_has_lost_status(const json_t *cut);

#endif
