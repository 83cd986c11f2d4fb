// Objects that found no room in the caches are read once more when there is some. Loop thread only.
#ifndef VMB_REFETCH_H
#define VMB_REFETCH_H

#include <uv.h>

#include "cache/caches.h"
#include "kube/request.h"

struct refetcher;

/* Borrows all; 'kinds' are those of the caches. */
MUST_CHECK struct refetcher *refetcher_new(uv_loop_t *loop, struct kube *kube, const struct caches *caches,
                                           const struct kind *const *kinds, size_t n_kinds);
/* Some object has found no room (cache/room.h). */
void refetcher_wanted(struct refetcher *f);
/* Cancels what is under way; the memory goes when the loop has closed the handle. Before the caches go. */
void refetcher_close(struct refetcher *f);

#endif
