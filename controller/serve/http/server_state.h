// What the files of the server share: its state and a connection. Not for other folders.
#ifndef VMB_SERVER_STATE_H
#define VMB_SERVER_STATE_H

#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <uv.h>

#include "base/metrics.h"
#include "serve/http/endpoint.h"
#include "serve/http/proven.h"
#include "serve/http/server_listener.h"
#include "serve/http/server_taker.h"

enum {
    SERVER_HEADERS_MAX = 8192,     /* bytes of a request's headers */
    SERVER_REQUEST_S = 5,          /* from connect to the end of the request's headers */
    SERVER_PRESSED_MS = 2000,      /* without progress, while others wait for the place */
    SERVER_SWEEP_MS = 250,         /* how late a deadline may be noticed */
    SERVER_SEND_BYTES = 64 * 1024, /* what the kernel may hold for a slow peer */
    SERVER_LISTENERS_MAX = 4,
};

enum conn_kind { CONN_NEW, CONN_REPLY, CONN_STREAM };

/* What a page said, on its way to one reader or several. */
struct server_body {
    const struct server_page *page; /* NULL: a refusal */
    unsigned status;
    unsigned n_readers;
    struct strbuf text;
    struct server_body *prev, *next; /* in server.bodies */
};

/* A message that waits. */
struct server_text {
    struct server_text *prev, *next; /* in server_stream.queue */
    size_t len;
    unsigned char bytes[]; /* LWS_PRE of them are before the text */
};

/* One TCP connection, from libwebsockets' adopting it to the end of its libwebsockets object. It is its own stream once upgraded. */
struct server_stream {
    struct server *server;
    struct server_listener *listener;
    const struct server_endpoint *endpoint; /* NULL until it is admitted, or refused */
    char *rest;                             /* of the path, NULL but while it is admitted */
    struct lws *wsi;
    enum conn_kind kind;
    bool is_waiting;  /* in the server's list: has a deadline */
    bool is_admitted; /* 'closed' is due */
    bool is_open;     /* upgraded */
    bool is_trusted;
    bool is_closing;            /* the close frame waits or went */
    bool is_deaf;               /* it was shut: what was sent to it was not taken */
    bool is_parting;            /* in the server's list: all is sent, libwebsockets' close handshake is next */
    int64_t deadline_ms;        /* monotonic */
    int64_t moved_ms;           /* when it last got on, before it is a stream */
    struct crowd *crowd;        /* where its place is */
    struct crowd_member *place; /* NULL: it is proven, or gone */
    void *user;
    char *peer; /* address */

    struct strbuf rx;    /* message being put together; empty in between */
    unsigned bare_bytes; /* came by TLS, and were not yet seen as part of a message */
    int64_t valid_ms;    /* when libwebsockets was told that the peer lives */
    int64_t rate_ms;     /* when the budget below was counted */
    double budget;       /* messages that may still come */

    struct server_text *tx;    /* waits to be sent, or NULL: a newer one replaces it */
    struct server_text *queue; /* that no newer message replaces, the first to be sent first */
    size_t queue_bytes;
    enum server_close close_code;
    char *close_reason; /* NULL until it closes; at most SERVER_REASON_MAX bytes */

    struct server_body *body; /* of a page, or NULL */
    size_t body_sent;

    struct server_stream *prev, *next;           /* in server.waiting */
    struct server_stream *part_prev, *part_next; /* in server.parting */
};

struct server {
    uv_loop_t *loop;
    struct lws_context *lws;
    void *evlib; /* libwebsockets' code for the loop, held in the process for good; NULL where it is no library of its own */
    struct lws_vhost *vhost;
    SSL_CTX *ssl; /* the vhost's; borrowed */
    struct server_listener listeners[SERVER_LISTENERS_MAX];
    size_t n_listeners;
    struct server_listener *accepting; /* while it hands a connection to libwebsockets */
    struct crowd *accepted_by;         /* where that one is counted */
    struct crowd_member *accepted;     /* as what; taken by the connection */
    struct proven proven;
    unsigned files_max; /* that the process may have open */
    const struct server_page *pages;
    size_t n_pages;
    const struct server_endpoint *endpoint; /* or NULL, like those below */
    const struct server_endpoint *raw;
    const struct server_taker *taker;
    unsigned waiting_max; /* of each listener */
    unsigned n_streams;
    unsigned n_conns;
    unsigned n_quiet_ticks; /* while closing, since the last connection went */
    struct server_stream *waiting;
    struct server_stream *parting;
    struct server_body *bodies; /* the newest first */
    size_t body_bytes;          /* of all */
    struct metrics *metrics;
    struct lws_protocols protocols[4];
    lws_retry_bo_t idle_policy;
    uv_timer_t sweep;     /* runs while connections wait or a listener does not accept, and while closing */
    uv_timer_t part;      /* fires when connections are to be closed */
    uv_idle_t serve;      /* runs once in each turn of the loop while somebody is ready and may have a place */
    uv_timer_cb on_sweep; /* what the three do, which is above this file */
    uv_timer_cb on_part;
    uv_idle_cb on_serve;
    unsigned n_handles;
    bool is_closing;
    bool is_ending; /* libwebsockets was told, too */
    void (*done)(void *arg);
    void *done_arg;
};

#endif
