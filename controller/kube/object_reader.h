// Reads what the API server sends of objects, as it comes: one alone, one in a watch event, those of a list. Each may cost so much and no
// more: of a larger one a header is kept (kube/object_header.h). No I/O.
#ifndef VMB_OBJECT_READER_H
#define VMB_OBJECT_READER_H

#include "base/json.h"

enum object_frame {
    OBJECT_ALONE,
    OBJECT_IN_EVENT, /* {"type": ..., "object": {...}} */
    OBJECT_IN_LIST,  /* {"kind": ..., "metadata": {...}, "items": [{...}, ...]} */
};

enum { OBJECT_MAX_BYTES = 512 << 10 };

/* Why an object is a header, in the words that follow its name ("it is larger than 512 KiB"), and in one for metrics ("large").
 * Both NULL: it has all that is wanted. Borrowed from the reader. */
struct object_lack {
    const char *why;
    const char *reason;
};

/* An item of a list, borrowed; NULL: not even a header of it could be read. False: nothing more is wanted. */
typedef bool object_item_fn(void *arg, const json_t *item, const struct object_lack *lack);

struct object_reader;

/* 'parts' are paths in an object (base/json.h); NULL: all; copied. 'max_bytes': of what is kept of one, counted as json_reader does;
 * 0: OBJECT_MAX_BYTES. */
MUST_CHECK struct object_reader *object_reader_new(enum object_frame frame, const char *const *parts, size_t max_bytes);
void object_reader_free(struct object_reader *r);
/* OBJECT_IN_LIST: where the items go. */
void object_reader_items(struct object_reader *r, object_item_fn *fn, void *arg);

void object_reader_feed(struct object_reader *r, const char *bytes, size_t len);
/* The last bytes. 'ret_tree' is the caller's: the object, or the event with its object, or the list without its items.
 * Errors: ERR_INVALID when it cannot be read. */
MUST_CHECK struct err *object_reader_end(struct object_reader *r, const char *bytes, size_t len, json_t **ret_tree,
                                         struct object_lack *ret_lack);
/* The rest of what was fed will never come. */
void object_reader_reset(struct object_reader *r);

#endif
