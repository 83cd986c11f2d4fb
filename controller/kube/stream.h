// A request whose answer is handed on as it comes, without end: what watches are made of. Private to kube/ and to the bench.
// Loop thread only.
#ifndef VMB_STREAM_H
#define VMB_STREAM_H

#include "kube/request.h"

/* Bytes of a 2xx answer, borrowed. An error ends the request: 'done' gets it. May cancel the request. */
typedef struct err *kube_data_fn(void *arg, const char *bytes, size_t len);

/* Like kube_send, and past flow control. 'done' gets no body for a 2xx; an err with status 0 says that it broke off. */
struct kube_request *kube_stream(struct kube *k, const struct kube_call *call, kube_data_fn *data, kube_done_fn *done,
                                 void *arg);

uv_loop_t *kube_loop(struct kube *k);
struct metrics *kube_metrics(struct kube *k); /* may be NULL */

#endif
