// HTTP exchanges with one server: libcurl's multi interface on the libuv loop, all over one HTTP/2 connection.
// Knows nothing of Kubernetes: status codes and bytes. Loop thread only.
#ifndef VMB_HTTP_H
#define VMB_HTTP_H

#include "kube/http_call.h"
#include "kube/kube_config.h"

#include <uv.h>

struct http;
struct http_exchange;

struct http_end {
    long status;            /* 0: no answer came */
    const char *trouble;    /* NULL: the answer is complete; else what went wrong */
    bool timed_out;         /* it was the time that ran out */
    int64_t retry_after_ms; /* of the Retry-After header, else 0 */
    int64_t date_s;         /* of the Date header, Unix time: the server's own clock; else 0 */
};

/* Neither is called again after 'done', or after http_stop. */
struct http_handler {
    /* Bytes of the body; borrowed. False ends the exchange: 'done' follows, with a trouble. */
    bool (*data)(void *arg, long status, const char *bytes, size_t len);
    /* Called once, never from within another function of this header. */
    void (*done)(void *arg, const struct http_end *end);
};

/* Borrows 'loop' and 'config' for its life. Errors: ERR_FATAL when libcurl lacks HTTP/2 or TLS. */
MUST_CHECK struct err *http_new(uv_loop_t *loop, const struct kube_config *config, const char *user_agent,
                                struct http **ret_http);

/* Begins an exchange. Not from within 'data'. Errors: ERR_RETRY when libcurl refuses it, or the fence; then 'handler' is not called. */
MUST_CHECK struct err *http_start(struct http *h, const struct http_call *call, const struct http_handler *handler,
                                  void *arg, struct http_exchange **ret_exchange);
void http_stop(struct http_exchange *x);

/* Until when (clock_mono_ms) fenced exchanges may leave; 0, as at first: none. Looked at whenever bytes may go out, so that what was
 * begun before the process slept, and has not been sent, ends with a trouble when it wakes too late. */
void http_fence(struct http *h, int64_t until_ms);

int64_t http_heard_ms(const struct http *h); /* clock_mono_ms of the last byte from the server, on any exchange */
size_t http_connections(const struct http *h);
bool http_is_inside(const struct http *h); /* whether 'data' is running */

/* Cuts all connections: what is under way ends with a trouble. For a server that no longer answers. Not from within 'data'. */
void http_sever(struct http *h);

/* Ends everything without a call to 'done'; the memory goes when the loop has closed the handles. Not from within 'data'. */
void http_close(struct http *h);

#endif
