// An object as it is cached: a small header and, packed, the JSON of what reconcile reads.
#ifndef VMB_OBJECT_H
#define VMB_OBJECT_H

#include "cache/kind.h"
#include "cache/packed.h"

struct object {
    const char *key; /* "namespace/name" */
    const char *uid;
    const char *resource_version;
    const char *owner_uid; /* of the controlling owner, or "" */
    const char *owner_name;
    const struct packed *json; /* compact, transformed (cache/transform.h); object_parse() reads it */
    const char *why;           /* NULL; or a sentence: why only a header of it is kept (transform_header) */
    uint64_t fingerprint;      /* store_note_fingerprint() */
    uint32_t wanted_bytes;     /* not 0: it is a header for want of room (cache/room.h), and as a whole takes so much */
    bool expects_deletion;     /* which was answered with success, and the watch has not said so yet */
    bool hidden;               /* read by name: the watch's selector does not match it any more */
};

/* The object's JSON, at most 'max_bytes'. The caller owns the tree. Errors: ERR_INVALID when it is longer. */
MUST_CHECK struct err *object_parse(const struct object *o, size_t max_bytes, json_t **ret_json);

/* Of it what stands at the paths (base/json.h: json_part), without what it costs to build the rest. The caller owns the tree. Errors:
 * ERR_INVALID, ERR_FATAL; the cache wrote it, so none. */
MUST_CHECK struct err *object_part(const struct object *o, const char *const *paths, json_t **ret_json);

/* Whether the object, parsed, has a status in the API that the cache does not know. */
bool object_lost_status(const json_t *object);

#endif
