// The objects of one kind, as bytes: a small header and, packed, the JSON of what reconcile reads. Does no I/O.
// Borrowed pointers are valid until the next change of the same object.
#ifndef VMB_STORE_H
#define VMB_STORE_H

#include "base/json.h"
#include "cache/packed.h"
#include "cache/room.h"

enum kind { KIND_VM, KIND_VMI, KIND_POD, KIND_PVC, KIND_SERVICE, KIND_KUBEVIRT };
enum { N_KINDS = KIND_KUBEVIRT + 1 };

/* Name of a kind in queue keys and logs: "vm", "vmi", "pod" ... */
const char *kind_name(enum kind kind);

struct object {
    const char *key; /* "namespace/name" */
    const char *uid;
    const char *resource_version;
    const char *owner_uid; /* of the controlling owner, or "" */
    const char *owner_name;
    const struct packed *json; /* compact, cut (cache/cut.h); object_parse() reads it */
    const char *why;           /* NULL; or a sentence: why only a header of it is kept (cut_header) */
    uint64_t settled;          /* store_settle() */
    uint32_t wanted_bytes;     /* not 0: it is a header for want of room (cache/room.h), and as a whole takes so much */
    bool doomed;               /* its deletion was answered with success and the watch has not said so yet */
    bool hidden;               /* read by name: the watch's selector does not match it any more */
};

/* The object's JSON, at most 'max_bytes'. The caller owns the tree. Errors: ERR_INVALID when it is longer. */
MUST_CHECK struct err *object_parse(const struct object *o, size_t max_bytes, json_t **ret_json);

/* Whether the object, parsed, has a status in the API that the cache does not know. */
bool object_lost_status(const json_t *object);

struct store;

/* Borrows 'room', which several stores share. */
MUST_CHECK struct store *store_new(enum kind kind, struct room *room);
void store_free(struct store *s);
enum kind store_kind(const struct store *s);

/* Puts an object, cut already; true when something in it differs from what was there. A NULL name or UID is refused: false. Of one
 * that is too large for anything to run of it (CUT_TEXT_MAX), or finds no room, a header is kept. 'why' is NULL, or says why no more than
 * a header came. A header without a status keeps the one that is known. */
bool store_put(struct store *s, const json_t *cut, const char *why);
/* Notes what a write of ours made of the status, for an object of which a header is kept, if it still has that UID. */
void store_note_status(struct store *s, const char *key, const char *uid, const json_t *status);
/* Whether an object that is a header for want of room would find it now. */
bool store_has_room(const struct store *s, const struct object *o);
/* Marks the object as deleted by us, if it still has that UID. */
void store_doom(struct store *s, const char *key, const char *uid);
/* Notes on what basis (reconcile/basis.h) a look at the object found nothing to do; 0 again when the object changes. */
void store_settle(struct store *s, const char *key, uint64_t basis);
/* Notes whether the watch does not see the object any more. */
void store_hide(struct store *s, const char *key, bool hidden);
/* Removes it and remembers its UID for a while: store_was_removed(). */
bool store_remove(struct store *s, const char *key);
bool store_was_removed(const struct store *s, const char *uid);
/* Notes that what was removed last under that UID is gone from the API server too, and not only out of a selector's sight. False
 * from store_is_ended() means that nobody knows: the memory is short. */
void store_prove_end(struct store *s, const char *uid);
bool store_is_ended(const struct store *s, const char *uid);

const struct object *store_get(const struct store *s, const char *key);
size_t store_count(const struct store *s);
/* What the JSON takes in memory, packed, and as text. */
size_t store_bytes(const struct store *s);
size_t store_text_bytes(const struct store *s);
/* How often anything in it has changed. */
uint64_t store_changes(const struct store *s);

/* A list begins: store_sweep() afterwards removes what was not put since, calling 'gone' before each removal. */
void store_mark(struct store *s);
void store_sweep(struct store *s, void (*gone)(void *arg, const struct object *object), void *arg);

/* Calls 'fn' for each object; stops when it returns false. 'fn' must not change the store. */
void store_each(const struct store *s, bool (*fn)(void *arg, const struct object *object), void *arg);
/* The same for those of one namespace ("default"), and for those among them that are about 'subject': for pods the name of
 * the instance that their own name tells, for Services "key=value" of selector_pair(). Other kinds have no subject. */
void store_each_in(const struct store *s, const char *namespace, bool (*fn)(void *arg, const struct object *object),
                   void *arg);
void store_each_about(const struct store *s, const char *namespace, const char *subject,
                      bool (*fn)(void *arg, const struct object *object), void *arg);

/* Calls 'fn' for all instances of a namespace that use a claim ("claim") or bear a label ("key=value"), and for a few others: it
 * has to look. The store is one of instances. */
void store_each_hinted(const struct store *s, const char *namespace, const char *word,
                       bool (*fn)(void *arg, const struct object *object), void *arg);

/* The pair of a Service's selector that it is looked up by: whoever is selected has it. False when it selects nothing. */
bool selector_pair(const json_t *service, const char **ret_key, const char **ret_value);

#endif
