// Whether a device can be used, found out in a child process, since a broken one may hang whoever touches it.
#ifndef VMB_NODE_CHECK_H
#define VMB_NODE_CHECK_H

#include "device.h"

#include <uv.h>

struct check;

/* Begins to check 'd' below 'root'; both are borrowed until 'done' is called. 'done' comes once, from the loop, within CHECK_MS and a
 * little: 'verdict' is NULL when the device works, else why not, and is borrowed. What cannot be begun is a verdict, too. */
enum { CHECK_MS = 900 };
struct check *check_new(uv_loop_t *loop, const struct device *d, const char *root,
                        void (*done)(void *arg, const struct err *verdict), void *arg);

/* Ends it without a verdict; frees it when the loop has run on. Not after 'done'. NULL is fine. */
void check_cancel(struct check *c);

#endif
