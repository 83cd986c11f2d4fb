// Looks, before anything is done, whether another KubeVirt runs this cluster: two controllers on the same objects would fight.
#ifndef VMB_PREFLIGHT_H
#define VMB_PREFLIGHT_H

#include "kube/request.h"

struct preflight;

/* 'done' is called once from the loop: 'refusal' is NULL to go on, else a sentence that says what was found and the way
 * out; borrowed. An API server that does not answer is asked again until it does. The result is gone when 'done' is
 * called. */
MUST_CHECK struct preflight *preflight_new(uv_loop_t *loop, struct kube *kube,
                                           void (*done)(void *arg, const char *refusal), void *arg);

/* Gives up without 'done'. Before kube_close; the memory goes when the loop has closed the handle. NULL is nothing. */
void preflight_cancel(struct preflight *p);

#endif
