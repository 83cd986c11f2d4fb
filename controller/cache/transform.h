// The transform of an informer: takes from an API object what reconcile reads, and nothing else is kept. Pure.
#ifndef VMB_TRANSFORM_H
#define VMB_TRANSFORM_H

#include "cache/kind.h"

enum {
    TRANSFORM_TEXT_MAX = 256 * 1024,   /* of an object without its status: what a pod's annotations may have in all */
    TRANSFORM_STATUS_MAX = 128 * 1024, /* ours is a tenth of that at most */
    TRANSFORM_HEADER_STATUS_MAX = 16 * 1024 /* beside a header */
};

/* New tree that shares its leaves with 'object'; the caller owns it. Of finalizers it has the places of ours ("#7"), of owners the
 * controlling one, if it is legally named. A transform of one is the same. */
MUST_CHECK json_t *transform_object(const struct kind *kind, const json_t *object);

/* The same of a header: metadata, what the kind's header has beside it, the status if it is short. */
MUST_CHECK json_t *transform_header(const struct kind *kind, const json_t *object);

/* Whether the object bears names that an object can have. */
bool transform_is_legal(const struct kind *kind, const json_t *object);

/* The text of a tree, which the caller frees, and its length; NULL when it is longer than 'max', which costs no more than so much. */
MUST_CHECK char *transform_text(const json_t *j, size_t max, size_t *ret_len);

/* Says in a transformed object that there was a status which is not kept: it is to be written as a whole. */
void transform_lose_status(json_t *object);
bool transform_has_lost_status(const json_t *object);

#endif
