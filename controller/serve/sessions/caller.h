// The end of a stream at which somebody looks: a WebSocket on a TLS connection whose request is answered already. Frames are wslay's;
// no byte of a stream is kept here but the one piece that the caller has not taken yet. Loop thread only.
#ifndef VMB_CALLER_H
#define VMB_CALLER_H

#include <openssl/ssl.h>
#include <uv.h>

#include "base/base.h"

enum {
    CALLER_PIECE_MAX = 4096,      /* bytes that caller_pull gives at most: wslay's buffer */
    CALLER_SILENT_MS = 60 * 1000, /* without a frame, a pong for one */
    CALLER_CLOSING_MS = 2000,     /* for the close frame to be taken and answered */
};

/* Close codes in use. */
enum caller_close { CALLER_NORMAL = 1000, CALLER_GOING_AWAY = 1001, CALLER_PROTOCOL = 1002, CALLER_FAILED = 1011 };

struct caller;

/* All that there are, those that say good-bye included. Zeroed but for the first two members, before the first one. */
struct callers {
    uv_loop_t *loop;
    void (*emptied)(void *arg); /* the last one is gone; may be NULL */
    void *arg;
    struct caller *first;
    unsigned n; /* with those whose handles the loop has not closed */
};

/* What an owner hears. Never from within caller_push, caller_ping or caller_close; caller_pull may call 'gone'. */
struct caller_owner {
    void (*ready)(void *arg);   /* caller_pull said CALLER_NOTHING: there is something now */
    void (*drained)(void *arg); /* caller_push said CALLER_FULL: all is taken */
    void (*gone)(void *arg, enum caller_close code, const char *why); /* owes a caller_close */
    void *arg;
};

enum caller_pulled { CALLER_BYTES, CALLER_NOTHING, CALLER_GONE };
enum caller_pushed { CALLER_TAKEN, CALLER_FULL, CALLER_BROKEN };

/* Takes the connection. 'reply' is the answer to its request, sent first. */
MUST_CHECK struct caller *caller_new(struct callers *all, SSL *ssl, int fd, const struct caller_owner *owner,
                                     const char *reply);
/* What he said: at most CALLER_PIECE_MAX bytes, perhaps none yet. CALLER_GONE: 'gone' was called. */
enum caller_pulled caller_pull(struct caller *c, unsigned char *ret_bytes, size_t *ret_len);
/* One message to him. Not while he is full. */
enum caller_pushed caller_push(struct caller *c, const void *bytes, size_t len);
/* When he is idle. */
void caller_ping(struct caller *c);
/* He was not heard of for too long. */
bool caller_is_silent(const struct caller *c, int64_t now_ms);
/* What waits, then a close frame, then the end; the owner hears no more. 'why' is copied, as much as a frame holds. */
void caller_close(struct caller *c, enum caller_close code, const char *why);

/* Ends those that had their time to say good-bye. */
void callers_sweep(struct callers *all, int64_t now_ms);

#endif
