// All kinds, and the arrows between them: the one list.
#ifndef VMB_KINDS_H
#define VMB_KINDS_H

#include "cache/arrows.h"
#include "reconcile/sources.h"

/* In the order in which they are watched. */
extern const struct kind *const kinds[];
extern const size_t n_kinds;

extern const struct arrows arrows;

/* Who decides, before the cache, whether an object of the kind is kept. */
struct kind_gate {
    const struct kind *kind;
    void (*begin)(const struct sources *src); /* a list begins, or comes to its end */
    void (*synced)(const struct sources *src, arrow_emit_fn *emit, void *arg);
    /* 'emit' is called for what is to be looked at because of an object that is not kept. */
    bool (*admit)(const struct sources *src, const json_t *object, bool removed, arrow_emit_fn *emit, void *arg);
};

/* NULL: all of the kind are kept. */
const struct kind_gate *kind_gate_of(const struct kind *kind);

#endif
