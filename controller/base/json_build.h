// Builds jansson's tree of what is wanted, out of the values of a text as a parser finds them. Knows no text: base/json_read.c does.
#ifndef VMB_JSON_BUILD_H
#define VMB_JSON_BUILD_H

#include "json_reader.h"

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

/* Ready for a text; what it held of the last one is dropped. */
void json_build_begin(struct json_build *b, const struct json_keep *keeps, size_t n_keeps);
void json_build_fini(struct json_build *b);

/* The text of the string that comes next is looked at. */
bool json_build_reads_string(const struct json_build *b);
/* It is too long. False: nothing may follow. */
bool json_build_drop_string(struct json_build *b);

/* What comes, in order. False: 'why' says what is refused. */
bool json_build_null(struct json_build *b);
bool json_build_boolean(struct json_build *b, bool value);
bool json_build_number(struct json_build *b, const char *text, size_t len);
bool json_build_string(struct json_build *b, const char *text, size_t len);
bool json_build_object(struct json_build *b);
bool json_build_array(struct json_build *b);
bool json_build_key(struct json_build *b, const char *text, size_t len);
bool json_build_close(struct json_build *b);

#endif
