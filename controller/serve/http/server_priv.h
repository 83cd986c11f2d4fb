// What the files of the server share: its state, and one connection. Not for other folders.
#ifndef VMB_SERVER_PRIV_H
#define VMB_SERVER_PRIV_H

#include "serve/http/crowd.h"
#include "serve/http/proven.h"
#include "serve/http/server.h"

#include <libwebsockets.h>
#include <openssl/ssl.h>

enum {
    SERVER_HEADERS_MAX = 8192, /* bytes of a request's headers */
    SERVER_REQUEST_S = 5,      /* from connect to the end of the request's headers */
    SERVER_PRESSED_MS = 2000,  /* without progress, while others wait for the place */
    SERVER_READY_MS = 30000,   /* wait for a place; a launcher gives up then */
    SERVER_REPLY_S = 10,       /* from there to the end of the reply */
    SERVER_CLOSING_S = 2,      /* for what waits and the close frame to go out */
    SERVER_CLOSE_TICK_MS = 10,
    SERVER_QUIET_TICKS = 4,
    SERVER_SWEEP_MS = 250, /* how late a deadline may be noticed */
    SERVER_RX_BYTES = 256, /* read from a WebSocket at once; held per connection */
    SERVER_TX_BYTES =
        16 * 1024, /* written at once, a TLS record; without it libwebsockets writes no more than it reads */
    SERVER_SEND_BYTES = 64 * 1024,          /* what the kernel may hold for a slow peer */
    SERVER_RECEIVE_BYTES = 16 * 1024,       /* and of one that we have not read; it takes twice that */
    SERVER_BODIES_BYTES = 16 * 1024 * 1024, /* of pages on their way out; beyond, readers of a page share it */
    SERVER_REASON_MAX = 120,                /* bytes of text in a close frame */
    SERVER_HANGUP_S = 10,                   /* after an unanswered ping */
    SERVER_UNEXPECTED_MAX = 4,              /* connections that wait while the endpoint expects nobody */
    SERVER_BACKLOG = 4096, /* that wait in the kernel; its own limit (net.core.somaxconn) may be lower */
    SERVER_LISTENERS_MAX = 3,
    SERVER_FILES_RESERVE = 64, /* for the API client and what else opens files */
    SERVER_VALID_MS = 5000,    /* how old the word that a peer lives may be */
};

enum conn_kind { CONN_NEW, CONN_REPLY, CONN_STREAM };

/* SERVER_FOR_ALL where the endpoint has no port of its own. Pages are found at each, and only some of them at SERVER_FOR_HEALTH. */
enum server_port_kind { SERVER_FOR_ALL, SERVER_FOR_PAGES, SERVER_FOR_ENDPOINT, SERVER_FOR_HEALTH };

/* A port. */
struct server_listener {
    struct server *server;
    uv_poll_t poll;
    int fd;
    int port;
    enum server_port_kind kind;
    bool is_open;           /* accepts now; the sweep looks again at one that does not */
    unsigned room_max;      /* of each crowd: accepted, not yet in libwebsockets' hands */
    unsigned places_max;    /* of each crowd: in libwebsockets' hands */
    struct crowd strangers; /* who has proven nothing yet */
    struct crowd proven;    /* the same, but from an address that somebody proved */
};

/* What a page said, on its way to one reader or several. */
struct server_body {
    const struct server_page *page; /* NULL: a refusal */
    unsigned status;
    unsigned n_readers;
    struct strbuf text;
    struct server_body *prev, *next; /* in server.bodies */
};

/* One TCP connection, from libwebsockets' adopting it to the end of its libwebsockets object. It is its own stream once upgraded. */
struct server_stream {
    struct server *server;
    struct server_listener *listener;
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

    unsigned char *tx; /* LWS_PRE bytes, then what waits to be sent */
    size_t tx_len;
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
    const struct server_endpoint *endpoint; /* or NULL */
    unsigned waiting_max;                   /* of each listener */
    unsigned n_streams;
    unsigned n_conns;
    unsigned n_quiet_ticks; /* while closing, since the last connection went */
    struct server_stream *waiting;
    struct server_stream *parting;
    struct server_body *bodies; /* the newest first */
    size_t body_bytes;          /* of all */
    struct metrics *metrics;
    struct lws_protocols protocols[3];
    lws_retry_bo_t idle_policy;
    uv_timer_t sweep; /* runs while connections wait or a listener does not accept, and while closing */
    uv_timer_t part;  /* fires when connections are to be closed */
    uv_idle_t serve;  /* runs once in each turn of the loop while somebody is ready and may have a place */
    unsigned n_handles;
    bool is_closing;
    bool is_ending; /* libwebsockets was told, too */
    void (*done)(void *arg);
    void *done_arg;
};

/* --- server_listen.c --- */

/* Binds; the first sweep opens it. Errors: ERR_FATAL with the reason. */
MUST_CHECK struct err *server_listen(struct server *s, const char *address, int port, enum server_port_kind kind);
/* When all are there: what they have together stays below what the process may open. */
void server_listen_fit(struct server *s);
/* Accepts while there is room: call when that has changed. */
void server_listen_update(struct server_listener *l);
/* How many of each crowd may be in libwebsockets' hands. None at the endpoint's own port while it cannot admit anybody; a few where
 * somebody may want a page. */
unsigned server_listen_places(const struct server_listener *l);
/* Ends all; 'on_closed' is called for each handle, with the server as data, and n_handles has been raised by them. */
void server_listen_close(struct server *s, uv_close_cb on_closed);

/* --- server_pending.c --- */

/* Takes the socket; it may be gone, and others too, when this returns. */
void server_pending_new(struct server_listener *l, int fd, const struct crowd_address *from);
/* Gives places to those whose turn it is, some in each call. False: there was nothing to do. */
bool server_pending_serve(struct server *s);
/* Ends those that said too little for too long. */
void server_pending_sweep(struct server_listener *l, int64_t now_ms);
void server_pending_close(struct server_listener *l);

/* --- server_tls.c --- */

/* Old protocols, session cache and tickets off; small buffers. */
void server_tls_setup(SSL_CTX *ctx);
/* Errors: ERR_INVALID, and 'ctx' is as it was. */
MUST_CHECK struct err *server_tls_use(SSL_CTX *ctx, const char *crt_pem, const char *key_pem);
/* Whether server_tls_use would take them. */
MUST_CHECK struct err *server_tls_check(const char *crt_pem, const char *key_pem);

/* --- server_conn.c --- */

/* libwebsockets' callback for all connections. */
int server_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);
/* Ends connections whose time is up. */
void server_sweep(struct server *s, int64_t now_ms);
/* Ends one that has proven nothing, since another has more right to its place. From outside of libwebsockets' callbacks. */
void server_evict(struct server_stream *c);

/* --- server_page.c --- */

/* Answers a request for a page; the value is what the callback returns. */
int server_page_begin(struct server_stream *c, const char *path);
/* The connection reads no more. */
void server_page_end(struct server_stream *c);
/* Goes on when the socket can take more. */
int server_page_continue(struct server_stream *c);
/* Writes a whole small refusal now. False: the connection is lost. */
bool server_refuse(struct server_stream *c, const struct server_refusal *refusal);

/* --- server.c --- */

void server_count(struct server *s, const struct metric *metric, const char *labels);
extern const struct metric server_metric_refused;
extern const struct metric server_metric_pages;

void server_sweep_start(struct server *s);
/* Somebody is ready, or a place is free. */
void server_serve_soon(struct server *s);

/* Puts the connection among those with a deadline, or moves its deadline. */
void server_wait(struct server_stream *c, int64_t seconds);
void server_wait_no_more(struct server_stream *c);

/* Begins the close handshake with those that heard all they should. */
void server_part(struct server *s);
/* The same soon, from the loop. */
void server_part_soon(struct server_stream *c);
void server_part_no_more(struct server_stream *c);

#endif
