// The objects of one kind, as bytes: a small header and, packed, the JSON of what reconcile reads. Does no I/O.
// Borrowed pointers are valid until the next change of the same object.
#ifndef VMB_STORE_H
#define VMB_STORE_H

#include "cache/object.h"

struct store;

/* Borrows 'room', which several stores share. */
MUST_CHECK struct store *store_new(const struct kind *kind, struct room *room);
void store_free(struct store *s);
const struct kind *store_kind(const struct store *s);

/* Puts an object, transformed already; true when something in it differs from what was there. A NULL name or UID is refused: false. Of one
 * that is too large for anything to run of it (TRANSFORM_TEXT_MAX), or finds no room, a header is kept. 'why' is NULL, or says why no more than
 * a header came. A header without a status keeps the one that is known. */
bool store_put(struct store *s, const json_t *object, const char *why);
/* Notes what a write of ours made of the status, for an object of which a header is kept, if it still has that UID. */
void store_note_status(struct store *s, const char *key, const char *uid, const json_t *status);
/* Whether an object that is a header for want of room would find it now. */
bool store_has_room(const struct store *s, const struct object *o);
/* Its deletion by us was answered, if it still has that UID: the watch is expected to say that it is gone. */
void store_expect_deletion(struct store *s, const char *key, const char *uid);
/* Notes of what a sync that found nothing to do was made (reconcile/fingerprint.h); 0 again when the object changes. */
void store_note_fingerprint(struct store *s, const char *key, uint64_t fingerprint);
/* Notes whether the watch does not see the object any more. */
void store_hide(struct store *s, const char *key, bool hidden);
/* Removes it and leaves a tombstone, which is remembered for a while: its UID. */
bool store_remove(struct store *s, const char *key);
bool store_has_tombstone(const struct store *s, const char *uid);
/* Notes that what bore that UID last is gone from the API server too, and not only out of a selector's sight. False from
 * store_is_ended() means that nobody knows: the memory is short. */
void store_prove_end(struct store *s, const char *uid);
bool store_is_ended(const struct store *s, const char *uid);

const struct object *store_get(const struct store *s, const char *key);
size_t store_count(const struct store *s);
/* What the JSON takes in memory, packed, and as text. */
size_t store_bytes(const struct store *s);
size_t store_text_bytes(const struct store *s);
/* Whether the API server serves the kind, as far as is known. */
enum store_serving {
    STORE_SERVED, /* unless store_set_serving() said otherwise */
    STORE_UNSERVED,
    STORE_REFUSED, /* it is there, and every list of it was refused so far */
};
void store_set_serving(struct store *s, enum store_serving serving);
enum store_serving store_serving(const struct store *s);
/* How often anything in it has changed. */
uint64_t store_changes(const struct store *s);

/* A list begins: store_sweep() afterwards removes what was not put since, calling 'gone' before each removal. */
void store_mark(struct store *s);
void store_sweep(struct store *s, void (*gone)(void *arg, const struct object *object), void *arg);

/* Calls 'fn' for each object; stops when it returns false. 'fn' must not change the store. */
void store_each(const struct store *s, bool (*fn)(void *arg, const struct object *object), void *arg);
/* The same for those of one namespace ("default"), and for those among them that are about 'subject' (struct kind). */
void store_each_in(const struct store *s, const char *namespace, bool (*fn)(void *arg, const struct object *object),
                   void *arg);
void store_each_about(const struct store *s, const char *namespace, const char *subject,
                      bool (*fn)(void *arg, const struct object *object), void *arg);

/* Calls 'fn' for all objects of a namespace that have that word (struct kind), and for a few others: it has to look. */
void store_each_hinted(const struct store *s, const char *namespace, const char *word,
                       bool (*fn)(void *arg, const struct object *object), void *arg);

#endif
