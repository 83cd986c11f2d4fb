// The three watches: machines, their instances and their launcher pods, into the book. Loop thread only.
#ifndef VMB_LOAD_FEED_H
#define VMB_LOAD_FEED_H

#include "book.h"
#include "kube/request.h"

struct feeds;

/* Begins to watch what lies in namespaces that begin with 'prefix' and "-". All is borrowed for the life of the feeds.
 * 'synced' is called once, when all three lists have come; with an error when the server cannot stream lists. */
MUST_CHECK struct feeds *feeds_new(uv_loop_t *loop, struct kube *k, struct book *book, const char *prefix,
                                   void (*synced)(void *arg, const struct err *err), void *arg);
void feeds_close(struct feeds *f);

#endif
