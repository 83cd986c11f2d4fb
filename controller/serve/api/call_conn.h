// A connection of a call_port, and what all of its connections share.
#ifndef VMB_CALL_CONN_H
#define VMB_CALL_CONN_H

#include <openssl/ssl.h>
#include <uv.h>

#include "base/metrics.h"
#include "serve/api/call.h"
#include "serve/http/server_place.h"

struct call_port_options {
    uv_loop_t *loop;
    struct metrics *metrics; /* may be NULL */
    /* A whole request; it is answered now or later. */
    void (*called)(void *arg, struct call *c);
    /* Somebody showed a certificate that is not trusted, or none. */
    void (*refused)(void *arg);
    void *arg;
};

struct call_conns {
    struct call_port_options options;
    SSL_CTX *ssl;
    struct call *first;
    unsigned n;
    bool is_closing;
    void (*emptied)(struct call_conns *conns); /* while closing, the last one is gone */
};

/* Takes the socket and the place. */
void call_conn_new(struct call_conns *conns, int fd, struct server_place *place);
void call_conn_end(struct call *c);

#endif
