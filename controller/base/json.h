// jansson with our limits, and the few walks over a tree that everybody needs.
#ifndef VMB_JSON_H
#define VMB_JSON_H

#include "arena.h"
#include "err.h"
#include "strbuf.h"

#include <jansson.h>

/* Parses one JSON text. At most 'max_bytes'; nesting is capped by jansson (2048). The caller owns the tree.
 * Errors: ERR_INVALID with the position. */
MUST_CHECK struct err *json_parse(const char *text, size_t len, size_t max_bytes, json_t **ret_json);

void json_freep(json_t **j);

/* Borrowed value at a path of keys ("metadata", "name", NULL), or NULL. */
__attribute__((sentinel)) json_t *json_at(const json_t *j, ...);

/* Borrowed string of a key, or NULL when it is absent or no string. */
const char *json_str(const json_t *j, const char *key);
int64_t json_int(const json_t *j, const char *key, int64_t otherwise);
bool json_bool(const json_t *j, const char *key, bool otherwise);

/* Compact text, keys in the order they were set; into 'sb', false when it does not fit. */
bool json_write(const json_t *j, struct strbuf *sb);
/* The same into the arena. */
__attribute__((returns_nonnull)) char *json_text(const json_t *j, struct arena *a);

/* JSON merge patch (RFC 7386) that turns 'from' into 'to': only keys that differ, null for keys that went; lists whole.
 * New tree that the caller owns, or NULL when nothing differs. Objects nest at most 64 deep. */
MUST_CHECK json_t *json_merge_diff(const json_t *from, const json_t *to);

/* Gives 'j' to the arena: its reference is dropped when the arena is reset. Returns 'j'. */
json_t *json_in_arena(struct arena *a, json_t *j);

#endif
