// JSON trees as a hostile author writes them: the bytes of a fuzzer's input say which field is changed, and to what. The same bytes
// give the same tree. Objects stay right for the most part, so that what is odd about them is reached.
#ifndef VMB_FUZZ_TREE_H
#define VMB_FUZZ_TREE_H

#include "api/walk/table.h"

/* The input, read from its start; behind its end it is zeros. */
struct bytes {
    const uint8_t *at;
    size_t left;
};

uint8_t bytes_next(struct bytes *b);
/* Below 'n', which is not 0. */
size_t bytes_below(struct bytes *b, size_t n);

/* Sets one field that the table knows, at any depth: to a value of its type, or to any value. */
void tree_change(json_t *object, const struct type *t, struct bytes *b);
/* Changes, drops or adds something anywhere below 'object', whatever it is. */
void tree_twist(json_t *object, struct bytes *b);

/* A tree of a text that has ' for ". */
MUST_CHECK json_t *tree_new(const char *text);

#endif
