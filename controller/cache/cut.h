// Takes from an API object what reconcile reads, and nothing else: that is what the cache keeps. Pure.
#ifndef VMB_CUT_H
#define VMB_CUT_H

#include "cache/store.h"

/* Paths in an object that its cut is made of, for a reader that builds nothing else (base/json.h). */
const char *const *cut_parts(enum kind kind);

/* New tree that shares its leaves with 'object'; the caller owns it. */
MUST_CHECK json_t *cut_object(enum kind kind, const json_t *object);

#endif
