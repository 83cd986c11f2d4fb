// Values of a field that hold no struct: from JSON to the member, and what is said of one that is wrong. Pure.
#ifndef VMB_DECODE_VALUE_H
#define VMB_DECODE_VALUE_H

#include "api/walk/table.h"

/* Where the walk is: a chain on the stack, turned into text only when there is an error to tell. */
struct place {
    const struct place *up;
    const char *key; /* NULL: an item of a list */
    size_t index;
    unsigned depth;
    bool forgives; /* the API server did not check what is in it: a field that is wrong is as one that is absent */
};

struct reading {
    struct arena *arena;
    const struct field *f;
    const json_t *j;
    void *to; /* the member */
    const struct place *at;
};

/* ERR_INVALID that begins with the path of the place. */
MUST_CHECK PRINTF_LIKE(2, 3) struct err *decode_refuse(const struct place *at, const char *fmt, ...);

/* 0 where there is none. */
unsigned place_depth(const struct place *at);

/* Reads a value of any kind but STRUCT, POINTER and LIST into r->to. */
MUST_CHECK struct err *decode_value(const struct reading *r);

#endif
