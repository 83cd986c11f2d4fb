// Requests to the API server over one HTTP/2 connection: libcurl's multi interface on the libuv loop. Loop thread only.
#ifndef VMB_REQUEST_H
#define VMB_REQUEST_H

#include "base/json.h"
#include "base/log.h"
#include "base/metrics.h"
#include "kube/kube_config.h"

#include <uv.h>

enum kube_verb { KUBE_GET, KUBE_POST, KUBE_PUT, KUBE_MERGE_PATCH, KUBE_JSON_PATCH, KUBE_APPLY_PATCH, KUBE_DELETE };

struct kube;
struct kube_request;

struct kube_options {
    struct metrics *metrics; /* borrowed for the client's life; may be NULL */
    const char *user_agent;  /* copied */
    double requests_per_s;   /* client-side flow control for everything but watches; 0: none */
    unsigned burst;
};

struct kube_call {
    enum kube_verb verb;
    const char *path;       /* "/api/v1/namespaces/default/pods", with its query; copied */
    const char *resource;   /* for metrics and logs: "pods", "virtualmachines/status"; copied */
    const char *body;       /* JSON text or NULL; copied */
    int64_t timeout_ms;     /* 0: 30 s */
    size_t reply_max_bytes; /* a larger answer is an error; 0: 8 MiB */
    bool urgent;            /* passes flow control and the queue by: leases */
    bool fenced;            /* of a leader: not sent after the time that kube_fence() gave */
    bool unread;            /* the body of a 2xx is of no use and is not parsed */
    const char *const *parts; /* the body of a 2xx is an object, of which these are built (base/json.h), and not more of it than is
                                 kept of one (kube/object_reader.h); NULL: all of any body */
};

/* What came back. Borrowed: valid in the callback only. */
struct kube_reply {
    const struct err *err; /* NULL for 2xx. Class by status: 404 NOT_FOUND, 409 CONFLICT, 410 GONE, 400 and 422 INVALID, all else
                              RETRY (no answer, TLS, 401, 403, 429, 5xx); the text holds the server's own message */
    long status;           /* HTTP status, 0: no answer; the request may or may not have been carried out */
    const char *reason; /* metav1.Status reason ("AlreadyExists", "Conflict", ...), "" when there is none */
    const json_t *body; /* parsed answer of a 2xx, or the metav1.Status; NULL when there was none, or it was 'unread' */
    const char *why;    /* NULL, or why the body is no more than the header of an object: "it is larger than 512 KiB" */
    int64_t retry_after_ms; /* of a Retry-After header, else 0 */
    int64_t date_s;         /* the server's own clock when it answered, Unix time; 0: not said */
};
typedef void kube_done_fn(void *arg, const struct kube_reply *reply);

/* Borrows 'config' and 'loop' for the client's life. Errors: ERR_FATAL when libcurl lacks HTTP/2 or TLS. */
MUST_CHECK struct err *kube_new(uv_loop_t *loop, const struct kube_config *config, const struct kube_options *options,
                                struct kube **ret_kube);

/* Sends, or queues under flow control. 'done' is called exactly once, never before kube_send returns, unless cancelled first.
 * The handle is valid until 'done' is called. */
struct kube_request *kube_send(struct kube *k, const struct kube_call *call, kube_done_fn *done, void *arg);
void kube_cancel(struct kube_request *r);

/* Until when (clock_mono_ms) 'fenced' calls may leave; 0, as at first: none. They must have a body. */
void kube_fence(struct kube *k, int64_t until_ms);

/* Stops everything without calling 'done'; the memory goes when the loop has closed the handles. Watches are closed before.
 * Not from within a watch's sink. */
void kube_close(struct kube *k);

#endif
