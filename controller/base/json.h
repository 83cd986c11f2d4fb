// Trees of jansson, read and written by yajl with our limits, and the few walks over them that everybody needs.
#ifndef VMB_JSON_H
#define VMB_JSON_H

#include "arena.h"
#include "err.h"
#include "strbuf.h"

#include <jansson.h>

enum { JSON_DEPTH_MAX = 100, JSON_STEP_SIZE = 256 };

/* Parses one JSON text of a stranger. At most 'max_bytes', nested at most JSON_DEPTH_MAX deep; a key that comes twice, a NUL in a
 * string and an integer beyond 64 bits are refused. The caller owns the tree. Errors: ERR_INVALID with the position. */
MUST_CHECK struct err *json_parse(const char *text, size_t len, size_t max_bytes, json_t **ret_json);

/* Parses one JSON text of the API server and builds what 'paths' name: keys from the root joined by dots, NULL behind the last. What
 * stands at the end of a path is kept whole; an array on the way is passed through ("items.metadata.name"). NULL: everything is built.
 * A third of an object is managedFields, and most of a pod is its spec: walked over, they cost little.
 *
 * One object that a tenant made odd must not keep all others from being read: NUL in a string becomes U+FFFD, what nests deeper
 * than JSON_DEPTH_MAX becomes null, an integer beyond 64 bits a real. Of a key that comes twice the last one counts.
 * The caller owns the tree. Errors: ERR_INVALID with the position. */
MUST_CHECK struct err *json_part(const char *text, size_t len, const char *const *paths, json_t **ret_json);

void json_freep(json_t **j);

/* Borrowed value at a path of keys ("metadata", "name", NULL), or NULL. */
__attribute__((sentinel)) json_t *json_at(const json_t *j, ...);

/* Puts what stands at a path of keys ("metadata.name") in 'from' at the same place in 'to', shared; nothing when it is not there.
 * Each key has at most JSON_STEP_SIZE - 1 bytes. */
void json_copy_path(const char *path, const json_t *from, json_t *to);

/* Of a list of objects the first whose string at 'key' is 'value', borrowed, or NULL. */
const json_t *json_find(const json_t *list, const char *key, const char *value);

/* Borrowed string of a key, or NULL when it is absent or no string. */
const char *json_str(const json_t *j, const char *key);
int64_t json_int(const json_t *j, const char *key, int64_t otherwise);
bool json_bool(const json_t *j, const char *key, bool otherwise);

/* Compact text, keys in the order they were set; appended to 'sb', false when it does not fit. Nested at most 127 deep. */
bool json_write(const json_t *j, struct strbuf *sb);
/* The same in memory of its own, which the caller frees. */
MUST_CHECK __attribute__((returns_nonnull)) char *json_compact(const json_t *j);
/* The same in the arena. */
__attribute__((returns_nonnull)) char *json_text(const json_t *j, struct arena *a);

/* JSON merge patch (RFC 7386) that turns 'from' into 'to': only keys that differ, null for keys that went; lists whole.
 * New tree that the caller owns, or NULL when nothing differs. Objects nest at most 64 deep. */
MUST_CHECK json_t *json_merge_diff(const json_t *from, const json_t *to);

/* Gives 'j' to the arena: its reference is dropped when the arena is reset. Returns 'j'. */
json_t *json_in_arena(struct arena *a, json_t *j);

#endif
