// A tree of JSON that is being built: what is open, and where that stands among what is wanted. For json_build.c and what it uses.
#ifndef VMB_JSON_TREE_H
#define VMB_JSON_TREE_H

#include "json_reader.h"

enum { JSON_EACH_DEPTH = 2 }; /* the root, the array, and then the elements */

enum json_want {
    WANT_NOT,
    WANT_WAY, /* it leads to what is wanted */
    WANT_WHOLE,
};

/* Where something stands among the wanted paths. */
struct json_way {
    enum json_want want;
    uint64_t paths; /* WANT_WAY: those that go on here, by their number */
    size_t at;      /* where in them the next key begins */
};

/* An object or array that is open. */
struct json_level {
    json_t *json; /* borrowed from the one it stands in */
    struct json_way way;
};

/* One text. Zeros, but for what the caller chooses: is_strict, each, on_each, arg. */
struct json_build {
    const struct json_keep *keeps; /* borrowed */
    size_t n_keeps;
    bool is_strict;
    const char *each; /* NULL: the limits are meant for the root */
    json_each_fn *on_each;
    void *arg;
    const char *why; /* what is refused; nothing follows */
    size_t stage;    /* the keep in force */
    enum json_over over;
    size_t room;  /* bytes that are left of its limit */
    json_t *root; /* NULL: nothing yet */
    struct json_level levels[JSON_DEPTH_MAX];
    size_t depth;
    size_t n_skipped; /* open objects and arrays that are not built */
    bool has_key;     /* the value of a key is to come */
    struct strbuf key;
    struct json_way next; /* the value of the last key; at the root: all of it */
};

#endif
