// What is served: pages, and an endpoint for WebSockets with the callbacks of whoever decides who may talk.
#ifndef VMB_ENDPOINT_H
#define VMB_ENDPOINT_H

#include "base/err.h"
#include "base/strbuf.h"

enum {
    SERVER_PAGE_MAX = 4 * 1024 * 1024,
    SERVER_WAITING_MAX =
        256 /* of a port: connections that speak and have proven nothing yet; the others wait as bare sockets */
};

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
    /* Raw: 'path' ends in a slash, and is the beginning of one (server_stream_rest). What comes are bytes in binary messages whose borders
     * mean nothing, as many as their reader takes (server_raw.h): there is no 'message', no message_max and no messages_per_s. */
    bool is_raw;
    void (*bytes)(void *arg, struct server_stream *s, const char *data, size_t len);
    void (*writable)(void *arg,
                     struct server_stream *s); /* server_raw_want came true; server_raw_write may be called once */
    void (*parting)(void *arg, struct server_stream *s, unsigned code, const char *text,
                    size_t len); /* peer's close frame */
    void *arg;
};

#endif
