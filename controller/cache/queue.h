// Keys whose objects are to be synced, each once, with the time it is due. Does no I/O; 'now' is a parameter. Loop thread only.
#ifndef VMB_QUEUE_H
#define VMB_QUEUE_H

#include "base/base.h"

enum { QUEUE_KEY_SIZE = 352 }; /* "vmi/" + namespace 63 + "/" + name 253 + NUL, with room */

/* What is under way goes before what has not begun, so that a burst of starts finishes machine by machine, and both before what only
 * is looked at once more, so that a new leader acts before it has seen all that runs. Every QUEUE_NEXT_EVERYth key comes from the next
 * class all the same, so none waits for ever. Within a class namespaces take turns: one tenant's burst does not hold up another's. */
enum queue_class { QUEUE_UNDER_WAY, QUEUE_BEGINNING, QUEUE_AT_REST };
enum { N_QUEUE_CLASSES = QUEUE_AT_REST + 1, QUEUE_NEXT_EVERY = 8 };

struct queue;

MUST_CHECK struct queue *queue_new(void);
void queue_free(struct queue *q);

/* Puts 'key' in the queue, or makes its entry due earlier and of the more urgent class. A key that is being worked on comes again
 * after queue_done.
 * key       "kind/namespace/name"; copied; longer ones than QUEUE_KEY_SIZE are a bug, names are capped by the API server
 * delay_ms  from now_ms; 0 is "as soon as possible" */
void queue_add(struct queue *q, const char *key, enum queue_class class, int64_t now_ms, int64_t delay_ms);

/* The key whose turn it is, or NULL when none is due. It counts as worked on until queue_done; valid until then. */
const char *queue_pop(struct queue *q, int64_t now_ms);

/* Work on 'key' is over. */
void queue_done(struct queue *q, const char *key, int64_t now_ms);

/* Delay for another try of 'key' after a failure: grows with each call, jittered by 'rnd'; queue_forget() starts it anew. */
int64_t queue_backoff_ms(struct queue *q, const char *key, uint32_t rnd);
void queue_forget(struct queue *q, const char *key);

/* Milliseconds until the next key is due: 0 now, -1 nothing is queued. */
int64_t queue_wait_ms(const struct queue *q, int64_t now_ms);
size_t queue_len(const struct queue *q);
/* Drops every key that nobody works on. */
void queue_clear(struct queue *q);

#endif
