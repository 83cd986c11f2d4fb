// HTTPS for the controller: pages (health, metrics) and WebSocket endpoints (launchers) on the libuv loop, by libwebsockets and
// OpenSSL. Knows nothing of Kubernetes nor of what is said. Loop thread only.
#ifndef VMB_SERVER_H
#define VMB_SERVER_H

#include "base/log.h"
#include "base/metrics.h"
#include "serve/http/server_stream.h"
#include "serve/http/server_taker.h"

#include <uv.h>

enum { SERVER_PORT = 8443 };

struct server;

struct server_options {
    const char *address; /* local address to listen on; NULL: all, IPv4 and IPv6. Copied */
    int port;            /* 0: any, see server_port */
    /* A second port, for those who want the endpoint: its queue may be long, and whoever asks for a page at 'port' does not stand in it.
     * Both serve the same. 0: there is none, all come to 'port'; negative: any, see server_endpoint_port. */
    int endpoint_port;
    /* One for probes, in clear text: nothing but pages that say is_health, and places that nobody at the other ports can take. 0: none;
     * negative: any, see server_health_port. */
    int health_port;
    /* One whose connections go to 'taker', as sockets. 0: none; negative: any, see server_taker_port. */
    int taker_port;
    const struct server_taker *taker; /* borrowed for the server's life */
    const char *crt_pem;              /* certificate (and chain) and key to begin with; copied */
    const char *key_pem;
    const struct server_page *pages; /* borrowed for the server's life, as are endpoints and metrics */
    size_t n_pages;
    const struct server_endpoint *endpoint; /* one, or NULL */
    const struct server_endpoint *raw;      /* one that is_raw, or NULL; not without 'endpoint' */
    unsigned waiting_max;                   /* 0: SERVER_WAITING_MAX */
    struct metrics *metrics;                /* may be NULL */
};

/* Accepts from the next turn of the loop on. Errors: ERR_FATAL when a port cannot be had or the libwebsockets in place lacks what we
 * need; ERR_INVALID for a certificate or key that cannot be read. */
MUST_CHECK struct err *server_new(uv_loop_t *loop, const struct server_options *options, struct server **ret_server);
int server_port(const struct server *s);
int server_endpoint_port(const struct server *s);
int server_health_port(const struct server *s);
int server_taker_port(const struct server *s);

/* New connections get this certificate; those that exist live on. Errors: ERR_INVALID, and the old one stays in use. */
MUST_CHECK struct err *server_set_certificate(struct server *s, const char *crt_pem, const char *key_pem);

/* Stops listening, ends all connections ('closed' is called for each stream), and calls 'done' from the loop when nothing is left
 * on it and the server's memory is freed. 'done' may be NULL. */
void server_close(struct server *s, void (*done)(void *arg), void *arg);

#endif
