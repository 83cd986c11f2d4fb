// HTTPS for the controller: pages (health, metrics) and WebSocket endpoints (launchers) on the libuv loop, by libwebsockets and
// OpenSSL. Knows nothing of Kubernetes nor of what is said. Loop thread only.
#ifndef VMB_SERVER_H
#define VMB_SERVER_H

#include "base/err.h"
#include "base/log.h"
#include "base/metrics.h"

#include <uv.h>

enum {
    SERVER_PORT = 8443,
    SERVER_PAGE_MAX = 4 * 1024 * 1024,
    SERVER_WAITING_MAX =
        256 /* of a port: connections that speak and have proven nothing yet; the others wait as bare sockets */
};

struct server;
struct server_stream; /* one WebSocket connection; valid from admit until 'closed' returns */

/* Answers GET and HEAD of one exact path. 'get' fills 'body' (empty, at most SERVER_PAGE_MAX) and returns the HTTP status. */
struct server_page {
    const char *path;
    const char *content_type;
    unsigned (*get)(void *arg, struct strbuf *body);
    void *arg;
    bool is_health; /* served at the health port, too */
};

/* Why a request is refused: becomes the HTTP status and a metav1.Status in JSON. */
struct server_refusal {
    unsigned status;    /* 401, 403, 503 ... */
    const char *reason; /* constant: "Unauthorized", "ServiceUnavailable" ... */
    char message[256];
};

/* WebSocket close codes in use. */
enum server_close {
    SERVER_CLOSE_NORMAL = 1000,
    SERVER_CLOSE_GOING_AWAY = 1001,
    SERVER_CLOSE_UNACCEPTABLE = 1003, /* a binary frame */
    SERVER_CLOSE_POLICY = 1008,       /* not who it says, too fast, not understood */
    SERVER_CLOSE_TOO_LARGE = 1009,
    SERVER_CLOSE_TRY_LATER = 1013,
};

struct server_endpoint {
    const char *path;        /* "/v1/launcher" */
    const char *protocol;    /* Sec-WebSocket-Protocol, must be offered */
    size_t message_max;      /* bytes of a whole message; more closes the stream */
    unsigned messages_per_s; /* sustained; a burst of twice as many is let through, more closes the stream */
    unsigned ping_s;         /* a silent peer is pinged after that many seconds, and cut off 10 s later */
    /* False while nobody can be admitted: then nobody is let in at the endpoint's own port, and at a common one only a few at once, since
     * somebody may ask for a page. NULL: never so. */
    bool (*expects)(void *arg);
    /* Before the upgrade. 'bearer' is the token of the Authorization header, NULL without one; borrowed. False refuses with
     * 'ret_refusal'. After true, 'closed' is called for this stream for certain. */
    bool (*admit)(void *arg, struct server_stream *s, const char *bearer, size_t bearer_len,
                  struct server_refusal *ret_refusal);
    void (*opened)(void *arg, struct server_stream *s); /* the upgrade is done: server_stream_send reaches the peer */
    /* One whole text message; 'text' ends in NUL, and is borrowed. */
    void (*message)(void *arg, struct server_stream *s, const char *text, size_t len);
    void (*closed)(void *arg, struct server_stream *s);
    void *arg;
};

struct server_options {
    const char *address; /* local address to listen on; NULL: all, IPv4 and IPv6. Copied */
    int port;            /* 0: any, see server_port */
    /* A second port, for those who want the endpoint: its queue may be long, and whoever asks for a page at 'port' does not stand in it.
     * Both serve the same. 0: there is none, all come to 'port'; negative: any, see server_endpoint_port. */
    int endpoint_port;
    /* One for probes, in clear text: nothing but pages that say is_health, and places that nobody at the other ports can take. 0: none;
     * negative: any, see server_health_port. */
    int health_port;
    const char *crt_pem; /* certificate (and chain) and key to begin with; copied */
    const char *key_pem;
    const struct server_page *pages; /* borrowed for the server's life, as are endpoints and metrics */
    size_t n_pages;
    const struct server_endpoint *endpoint; /* one, or NULL */
    unsigned waiting_max;                   /* 0: SERVER_WAITING_MAX */
    struct metrics *metrics;                /* may be NULL */
};

/* Accepts from the next turn of the loop on. Errors: ERR_FATAL when a port cannot be had or the libwebsockets in place lacks what we
 * need; ERR_INVALID for a certificate or key that cannot be read. */
MUST_CHECK struct err *server_new(uv_loop_t *loop, const struct server_options *options, struct server **ret_server);
int server_port(const struct server *s);
int server_endpoint_port(const struct server *s);
int server_health_port(const struct server *s);

/* New connections get this certificate; those that exist live on. Errors: ERR_INVALID, and the old one stays in use. */
MUST_CHECK struct err *server_set_certificate(struct server *s, const char *crt_pem, const char *key_pem);

/* Stops listening, ends all connections ('closed' is called for each stream), and calls 'done' from the loop when nothing is left
 * on it and the server's memory is freed. 'done' may be NULL. */
void server_close(struct server *s, void (*done)(void *arg), void *arg);

/* A stream belongs to one user value. */
void server_stream_set(struct server_stream *c, void *user);
void *server_stream_get(const struct server_stream *c);
const char *server_stream_peer(const struct server_stream *c); /* address of the peer, for logs */

/* Sends a text message. Only one waits: a newer one replaces it when the peer is slow. 'text' is copied. */
void server_stream_send(struct server_stream *c, const char *text, size_t len);
/* Streams begin untrusted: nothing is read from the peer, and 5 s after it connected it is cut off. This ends that, and includes
 * server_stream_proven. */
void server_stream_trust(struct server_stream *c);
/* The peer is who it says: for a while its address does not share places with strangers. */
void server_stream_proven(const struct server_stream *c);
/* Sends what waits, then the close frame, then is gone: 'closed' is called later, from the loop; no 'message' any more.
 * 'reason' is shown to the peer; copied, at most 120 bytes. Again is harmless. */
void server_stream_close(struct server_stream *c, enum server_close code, const char *reason);

#endif
