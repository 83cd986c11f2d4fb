// Memory that a burst of news needed lies in holes, which malloc alone keeps: after the burst it goes back to the kernel. Loop thread only.
#ifndef VMB_GIVE_BACK_H
#define VMB_GIVE_BACK_H

#include <uv.h>

#include "base/base.h"

struct give_back;

MUST_CHECK struct give_back *give_back_new(uv_loop_t *loop);
/* Counts what was heard: objects, messages. */
void give_back_count(struct give_back *g, size_t n);
/* The memory goes when the loop has closed the handle. */
void give_back_close(struct give_back *g);

#endif
