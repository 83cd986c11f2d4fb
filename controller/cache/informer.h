// Feeds a store from a watch and says what changed. Does no I/O: the watch calls it.
#ifndef VMB_INFORMER_H
#define VMB_INFORMER_H

#include "cache/store.h"

struct informer;

/* 'object' is what the store holds now (removed objects: what it held, valid during the call). */
typedef void informer_changed_fn(void *arg, const struct kind *kind, const struct object *object, bool removed);

/* Makes the store. 'changed' is called on the thread that feeds, during informer_apply, _synced and _own. 'room' is shared by informers
 * and outlives them; NULL: one of its own. */
MUST_CHECK struct informer *informer_new(const struct kind *kind, informer_changed_fn *changed, void *arg);
MUST_CHECK struct informer *informer_new_in(struct room *room, const struct kind *kind, informer_changed_fn *changed,
                                            void *arg);
void informer_free(struct informer *i);

const struct store *informer_store(const struct informer *i);
bool informer_is_synced(const struct informer *i); /* a whole list was seen at least once */

/* From the watch: a list begins, an object came ('removed': it is gone), the list is whole. 'why' is NULL for an object that came
 * with all that is kept; else it says why only a header of it came. What bears no legal name, UID or version is dropped. */
void informer_begin(struct informer *i);
void informer_apply(struct informer *i, const json_t *object, bool removed, const char *why);
void informer_synced(struct informer *i);
/* The API server does not serve the kind, or lets nobody see it: there are none of it. */
void informer_absent(struct informer *i, bool is_refused);

/* The answer to a write of ours, so that the next step sees it. 'base_version' is the resourceVersion that the write was based on and
 * that the server insisted on (NULL for a create): what the cache holds is replaced only if it is still that one. Anything else means
 * that the watch has brought this answer already, or what came after it. */
void informer_own(struct informer *i, const json_t *object, const char *base_version);
/* An object that was asked for by name. When the watch does not see it any more, since somebody took its label off, it is kept as hidden:
 * true. False: the watch brings it, or has taken it away. */
bool informer_found(struct informer *i, const json_t *object);
/* The API server has no such object: it goes at once. */
void informer_lost(struct informer *i, const char *key, const char *uid);
/* What is wanted of the watch has changed: nothing is whole until its list has come anew. */
void informer_restart(struct informer *i);
/* store_note_status() of its store: the answer to a write may be too large to be read whole. */
void informer_note_status(struct informer *i, const char *key, const char *uid, const json_t *status);
/* A delete of ours was answered without an object. */
void informer_expect_deletion(struct informer *i, const char *key, const char *uid);
/* store_note_fingerprint() of its store. */
void informer_note_fingerprint(struct informer *i, const char *key, uint64_t fingerprint);

#endif
