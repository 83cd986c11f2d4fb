// One stream: a socket of the guest's devices on one side, a WebSocket to a replica on the other. What the files of this folder share; not for other folders.
#ifndef VMB_STREAM_H
#define VMB_STREAM_H

#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <uv.h>

#include "base/strbuf.h"
#include "report/gateway_tls.h"
#include "streams/stream_ask.h"
#include "streams/streams_options.h"

enum {
    STREAM_PIECE_BYTES = 4096, /* read at once, from either side */
    STREAM_TOKEN_MAX = 8192,
};

struct stream {
    struct streams *all;
    enum stream_kind kind;
    char *path;      /* that is dialled: with the number of its session in it, so it is never logged */
    struct lws *wsi; /* NULL: not yet, or gone */
    bool is_up;
    bool is_over;   /* in nobody's list; waits for its ends to go */
    int64_t due_ms; /* until it is up */
    int fd;
    uv_poll_t poll;
    int events;
    bool is_wanting;       /* the replica takes more, and the guest says nothing */
    struct strbuf pending; /* what the guest has not taken; nothing more is read from the replica then */
    enum lws_close_status code;
    const char *words; /* a constant */
    unsigned n_refs;   /* the WebSocket, and the poll handle */
    struct stream *prev, *next;
};

struct streams {
    struct streams_options o;
    struct lws_context *lws; /* NULL until the first stream */
    SSL_CTX *tls;
    struct gateway_pins pins; /* as they were at the last dial */
    struct strbuf token;
    struct lws_protocols protocols[2];
    struct stream *first;
    struct stream *parting; /* over, and the WebSocket is still to be closed */
    uv_timer_t tick;        /* runs while there are streams that are not up */
    uv_timer_t part;        /* closes WebSockets, from outside of libwebsockets' callbacks */
};

#endif
