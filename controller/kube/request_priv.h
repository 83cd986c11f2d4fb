// The client and its requests, as kube/request.c and kube/stream.c see them.
#ifndef VMB_REQUEST_PRIV_H
#define VMB_REQUEST_PRIV_H

#include "kube/bearer.h"
#include "kube/flow.h"
#include "kube/http.h"
#include "kube/object_reader.h"
#include "kube/request.h"

struct kube {
    uv_loop_t *loop;
    struct http *http;
    struct metrics *metrics;
    struct flow flow;
    struct kube_request *urgent; /* not sent: first those, then the queue */
    struct kube_request *queue;
    struct kube_request *sent;
    size_t n_queued;
    size_t n_in_flight;
    size_t n_streams;
    uv_timer_t pump;
    uv_timer_t watchdog;
    size_t n_handles;
    struct bearer bearer;
    bool probing;
    bool closed;
};

struct kube_request {
    struct kube *k;
    enum kube_verb verb;
    char *path;
    char *resource;
    char *body;
    int64_t timeout_ms;
    bool is_urgent;
    bool is_fenced;
    bool is_unread;
    struct object_reader *reader; /* NULL: the answer is kept until it is whole */
    bool has_object;              /* some of one came */
    kube_done_fn *done;
    struct err *(*data)(void *arg, const char *bytes, size_t len); /* streams only */
    void *arg;
    struct http_exchange *exchange; /* NULL: not sent */
    struct strbuf reply;
    struct err *err; /* found before the end: by 'data', or that it cannot be queued */
    int64_t queued_ms;
    int64_t sent_ms;
    bool in_data;
    bool cancelled;
    struct kube_request *prev;
    struct kube_request *next;
};

/* In no list yet. */
struct kube_request *kube_request_new(struct kube *k, const struct kube_call *call, kube_done_fn *done, void *arg);
/* Queues it before all that waits. */
void kube_request_urgent(struct kube_request *r);

#endif
