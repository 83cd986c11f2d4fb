// Tells that something in some folders came, went or got other rights: not what, since whoever is told looks at all of it.
#ifndef VMB_NODE_WATCH_H
#define VMB_NODE_WATCH_H

#include "base/err.h"

#include <uv.h>

struct watch;

/* 'changed' is called from the loop, a little after the first change, so that what comes together is told once.
 * Errors ERR_FATAL: the kernel gives no inotify. */
MUST_CHECK struct err *watch_new(uv_loop_t *loop, void (*changed)(void *arg), void *arg, struct watch **ret_watch);

/* Watches the folder in which 'path' is, or would be: the nearest that exists. Again is fine: a folder that was made anew is another one.
 * Errors ERR_RETRY. */
MUST_CHECK struct err *watch_place(struct watch *w, const char *path);

/* Frees it when the loop has run on. NULL is fine. */
void watch_close(struct watch *w);

#endif
