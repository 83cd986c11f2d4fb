// One gRPC call of a server behind a unix socket, with a deadline.
#ifndef VMB_NODE_CALL_H
#define VMB_NODE_CALL_H

#include "grpc_client.h"

#include <uv.h>

struct call;

struct call_request {          /* copied, but for what is borrowed */
    const char *socket;        /* path */
    const char *method;        /* "/package.Service/Method"; borrowed until 'done' */
    const struct strbuf *body; /* the message; at most GRPC_REQUEST_MAX_BYTES */
    uint64_t deadline_ms;
};

/* Begins the call. 'done' comes once, from the loop: NULL is success, else an ERR_RETRY, borrowed. */
struct call *call_new(uv_loop_t *loop, const struct call_request *request, void (*done)(void *arg, const struct err *e),
                      void *arg);

/* Ends it without 'done'. Not after 'done'. NULL is fine. */
void call_cancel(struct call *c);

#endif
