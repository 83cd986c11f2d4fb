// The only way from another thread to the loop thread: owned messages in, a callback on the loop out. Holds the only lock.
#ifndef VMB_MAILBOX_H
#define VMB_MAILBOX_H

#include "err.h"

#include <uv.h>

struct mailbox;

/* 'deliver(arg, msg)' runs on the loop thread once per message, in order; it takes 'msg'. 'drop(msg)' frees what is left at
 * mailbox_close. Loop thread. */
MUST_CHECK struct err *mailbox_new(uv_loop_t *loop, void (*deliver)(void *arg, void *msg), void (*drop)(void *msg),
                                   void *arg, struct mailbox **ret_mailbox);

/* Takes 'msg'. Any thread; never blocks for long. After close began the message is dropped. */
void mailbox_post(struct mailbox *m, void *msg);

/* Stops delivery, drops what is queued, and frees the mailbox when the loop has closed its handle. No thread may post
 * after the loop has run on. Loop thread. */
void mailbox_close(struct mailbox *m);

#endif
