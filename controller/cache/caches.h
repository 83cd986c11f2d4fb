// The caches of all kinds, one informer each, and the room that they share. Does no I/O.
#ifndef VMB_CACHES_H
#define VMB_CACHES_H

#include "cache/informer.h"

struct caches;

/* 'kinds' is borrowed. 'changed' as in informer_new(). */
MUST_CHECK struct caches *caches_new(const struct kind *const *kinds, size_t n, informer_changed_fn *changed, void *arg);
void caches_free(struct caches *c);

struct informer *caches_informer(const struct caches *c, const struct kind *kind);
const struct store *caches_store(const struct caches *c, const struct kind *kind);

/* Bytes of the room that large objects take (cache/room.h). */
size_t caches_room_taken(const struct caches *c);

/* The kind of a key of the queue, "vmi/default/vm1". */
const struct kind *caches_kind_of(const struct caches *c, const char *key);

/* "vmi/default/vm1" for a kind and a key of its store. The caller frees. */
MUST_CHECK char *queue_key(const struct kind *kind, const char *store_key);

#endif
