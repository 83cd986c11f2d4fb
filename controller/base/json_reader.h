// Reads a JSON text that comes in pieces, and builds of it no more than there is room for. Keeps neither the text nor long strings of
// what nobody wants: memory is bounded by what is kept.
#ifndef VMB_JSON_READER_H
#define VMB_JSON_READER_H

#include "json.h"

/* What is kept, and how much of it. */
struct json_keep {
    const char *const *paths; /* as json_part() takes them, at most JSON_PATHS_MAX; NULL: everything; borrowed */
    size_t max_bytes;         /* of text, and JSON_VALUE_BYTES for each value beside it; 0: no limit */
};

enum {
    JSON_PATHS_MAX = 64,
    JSON_VALUE_BYTES = 32,
    JSON_STRING_MAX = 3 << 19, /* bytes of one string as it is written in the text; a longer one counts as too large */
};

/* Why not all that was wanted is there. */
enum json_over {
    JSON_WHOLE,
    JSON_LARGE, /* it is larger than the first keep's max_bytes, or has a longer string than JSON_STRING_MAX */
    JSON_DEEP,  /* what is wanted nests deeper than JSON_DEPTH_MAX */
};

/* One element of the array that json_reader_each() named. 'root' is what is built of the text so far, 'element' the caller's to change;
 * both are borrowed. False: nothing more is read, and json_reader_end() fails. */
typedef bool json_each_fn(void *arg, const json_t *root, json_t *element, enum json_over over);

struct json_reader;

/* 'keeps' are borrowed: where there is no room for what the first one wants, only what the next one names is kept, of what came before
 * and of what follows. Its paths are among those of the one before it and pass through no array. Where the last one has no room
 * the text cannot be read. Odd text is read as json_part() reads it. */
MUST_CHECK struct json_reader *json_reader_new(const struct json_keep *keeps, size_t n_keeps);
void json_reader_free(struct json_reader *r);

/* The limits are meant for each object in the array 'key' of the root, which is handed out as soon as it is read, and not kept. */
void json_reader_each(struct json_reader *r, const char *key, json_each_fn *fn, void *arg);

/* Takes the next bytes of the text. */
void json_reader_feed(struct json_reader *r, const char *bytes, size_t len);
/* Takes the last bytes; what is fed next is another text. The caller owns the tree. Errors: ERR_INVALID with the position. */
MUST_CHECK struct err *json_reader_end(struct json_reader *r, const char *bytes, size_t len, json_t **ret_json,
                                       enum json_over *ret_over);
/* Drops what was fed: the rest of the text will never come. */
void json_reader_reset(struct json_reader *r);

#endif
