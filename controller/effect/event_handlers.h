// What the watches say goes into the caches, and what that changes is due: which watch starts when, which key follows from which change.
// Knows no reconciler: that is told by callbacks. Loop thread only.
#ifndef VMB_EVENT_HANDLERS_H
#define VMB_EVENT_HANDLERS_H

#include "cache/queue.h"
#include "kube/watch.h"
#include "reconcile/kinds.h"

struct event_sink {
    /* An object has changed, or is gone; before what follows from it is due. */
    void (*changed)(void *arg, const struct kind *kind, const struct object *object, bool removed);
    /* A key is due. Only of kinds whose syncs can read all they need: whose caches are whole. */
    void (*due)(void *arg, const char *key, enum queue_class class, int64_t delay_ms);
    void *arg;
};

struct event_handlers;

/* Makes the caches, which 'src' is told of; borrows all. */
MUST_CHECK struct event_handlers *event_handlers_new(struct kube *kube, struct sources *src,
                                                     const struct event_sink *sink);
/* Begins to watch: the early kinds first (struct kind), the others when those are whole. */
void event_handlers_start(struct event_handlers *h);
/* Lists anew the kinds of which not all is kept: what is kept is another question from now on. */
void event_handlers_relist(struct event_handlers *h);

/* The cache that is not whole yet, or NULL. */
const struct kind *event_handlers_wait_for(const struct event_handlers *h);
/* Everything is due once more. */
void event_handlers_all(struct event_handlers *h);
/* One key is, if it can be. */
void event_handlers_key(struct event_handlers *h, const char *key);

void event_handlers_stop(struct event_handlers *h); /* watches end */
void event_handlers_free(struct event_handlers *h); /* and the caches with them */

#endif
