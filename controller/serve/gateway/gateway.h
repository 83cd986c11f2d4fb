// Where launchers dial in: who they are is proven before anything they say counts; then state goes up and desires go down.
// Keyed by the UID of the pod, since a VMI that migrates has two launchers. Loop thread only.
#ifndef VMB_GATEWAY_H
#define VMB_GATEWAY_H

#include "serve/gateway/requests.h"
#include "serve/gateway/sink.h"
#include "serve/http/server.h"
#include "serve/trust/token.h"

enum {
    GATEWAY_MESSAGES_PER_S = 20,
    GATEWAY_PING_S = 30,
    GATEWAY_GRACE_S = 300,
};

struct gateway;

struct gateway_options {
    uv_loop_t *loop;
    struct token_verifier *verifier; /* borrowed for the gateway's life, as are the others */
    const struct gateway_sink *sink;
    struct metrics *metrics; /* may be NULL */
    /* A connection ends within so long after its token: at any time between a tenth of it and all of it, since the tokens of pods that
     * began together end together. By then the kubelet has written the next token, with which the launcher dials again. 0: GATEWAY_GRACE_S */
    int64_t grace_s;
};

MUST_CHECK struct gateway *gateway_new(const struct gateway_options *options);

/* For server_options.endpoint; valid as long as the gateway. */
const struct server_endpoint *gateway_endpoint(const struct gateway *g);

/* Sends a message of launcher_msg_write to the launcher in that pod. Whole state: only the newest waits for a slow launcher.
 * False: it is not connected. 'text' is copied. */
bool gateway_send(struct gateway *g, const char *pod_uid, const char *text, size_t len);
bool gateway_is_connected(const struct gateway *g, const char *pod_uid);
size_t gateway_count(const struct gateway *g);

/* Tells every launcher where sink.redirect points now, and closes its connection: call when leadership is lost. */
void gateway_redirect_all(struct gateway *g);
/* Ends the connection of a pod that is gone; nothing when it is not connected. */
void gateway_drop(struct gateway *g, const char *pod_uid, const char *why);
/* Something about the pod has changed: asks sink.who again, and ends its connection when that knows it no more. */
void gateway_recheck(struct gateway *g, const char *pod_uid);

/* Asks the launcher in that pod for something, once; who it is, what is asked and how it ends: serve/gateway/requests.h. The value is
 * NULL when 'done' was called already, else good until it is. */
struct request *gateway_request(struct gateway *g, const char *pod_uid, const struct request_question *q);
/* 'done' is not called any more. NULL is nothing. */
void gateway_request_cancel(struct gateway *g, struct request *r);

/* After the server has closed (its 'done'); the memory goes when the loop has closed the handle. NULL is nothing. */
void gateway_close(struct gateway *g);

#endif
