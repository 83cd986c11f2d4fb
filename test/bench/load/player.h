// One launcher's life on the line: dials the gateway, says how its guest is, reads what comes down, follows redirects, and dials
// again with a real launcher's back-off when it is cut. Many of them share one libwebsockets context. Loop thread only.
#ifndef VMB_LOAD_PLAYER_H
#define VMB_LOAD_PLAYER_H

#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <uthash.h>
#include <uv.h>

#include "base/backoff.h"
#include "base/log.h"
#include "base/strbuf.h"
#include "book.h"

enum { PLAYER_HOST_SIZE = 64 };

enum player_state {
    PLAYER_IDLE,     /* never dialled, or waits to dial again */
    PLAYER_DIALLING, /* until the upgrade */
    PLAYER_UP,
};

struct player {
    struct stage *stage;
    char uid[BOOK_UID_SIZE]; /* of the pod */
    char vmi_uid[BOOK_UID_SIZE];
    char *namespace;
    char *pod;
    char *account;
    char *ip;
    char *token; /* NULL: none yet */
    char *redirect;
    struct lws *wsi; /* NULL: no connection */
    uv_timer_t timer;
    struct backoff backoff;
    struct strbuf in;
    enum player_state state;
    int64_t seq;
    int64_t figure; /* changes with each report */
    bool has_agent;
    bool is_told;
    bool is_taken;   /* the gateway has said what it wants: it has let us in */
    bool is_sent_on; /* by a redirect, on this connection */
    bool is_first;   /* its first dial is under way, in a place of 'connect' */
    bool is_held;    /* 'connect' has it in its list */
    bool is_leaving;
    UT_hash_handle hh;
};

/* What all share. */
struct stage {
    uv_loop_t *loop;
    struct lws_context *lws;
    SSL_CTX *tls;
    struct lws_protocols protocols[2];
    struct player *players; /* by the UID of their pod, in the order of their making */
    char host[PLAYER_HOST_SIZE];
    int port;
    char *name; /* that the certificate must bear */
    int64_t started_s;
    size_t n_connected; /* taken by the gateway now */
    size_t n_first;
    size_t n_redirected; /* since the start, as all below */
    size_t n_dials;
    size_t n_refused;           /* dials that ended before the gateway took us, redirects apart */
    size_t n_sent;              /* state messages */
    size_t n_open;              /* timers not closed yet */
    struct player *cursor;      /* of reports */
    void (*changed)(void *arg); /* connected, cut or gone */
    void *arg;
    struct log log;
};

/* Errors: ERR_FATAL. */
MUST_CHECK struct err *stage_init(struct stage *s, uv_loop_t *loop);
/* "127.0.0.1:8443". Errors: ERR_INVALID when it is no address with a port. */
MUST_CHECK struct err *player_parse_address(const char *text, char ret_host[PLAYER_HOST_SIZE], int *ret_port);

struct player *player_new(struct stage *s, const struct thing *pod);
void player_dial(struct player *p);
/* Another figure, said as soon as the line takes it; the newest only. */
void player_report(struct player *p, bool has_agent);
/* Ends the connection and forgets the launcher, now or when nobody holds it any more. */
void player_leave(struct player *p);
void player_release(struct player *p);

#endif
