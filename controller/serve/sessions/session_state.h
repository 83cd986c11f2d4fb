// What the files of this folder share. Not for other folders.
#ifndef VMB_SESSION_STATE_H
#define VMB_SESSION_STATE_H

#include "serve/http/server_stream.h"
#include "serve/sessions/caller.h"
#include "serve/sessions/session.h"
#include "serve/trust/token.h"

#include <uthash.h>

enum { SESSION_NUMBER_SIZE = LAUNCHER_SESSION_DIGITS + 1, DIAL_WORDS_SIZE = 128 };

/* The launcher's end: a connection that dialled back. */
struct dial {
    struct sessions *all;
    struct server_stream *stream;
    struct token_check *check; /* the token is being checked */
    bool is_open;
    char number[SESSION_NUMBER_SIZE]; /* that it came with */
    struct session *session;          /* NULL: it has none, or has none any more */
    struct server_refusal *refusal;   /* or NULL */
    char words[DIAL_WORDS_SIZE];      /* of its close frame */
};

struct session {
    struct sessions *all;
    char number[SESSION_NUMBER_SIZE];
    bool is_claimed; /* the number is used up, and not in the table any more */
    char *pod_uid;
    enum session_kind kind;
    char what[SESSION_WHAT_SIZE]; /* LAUNCHER_STREAM_..., for the launcher */
    struct request *request;      /* NULL: the launcher has answered */
    struct session_ask ask;       /* 'done' is NULL once it was called, or when nobody waits */
    int64_t due_ms;               /* monotonic: until then the launcher dials back */
    int64_t pinged_ms;
    struct dial *dial;     /* NULL: not yet */
    struct caller *caller; /* NULL: not begun */
    bool is_over;
    struct session *prev, *next;
    UT_hash_handle hh; /* by number, until it is used */
};

struct sessions {
    struct sessions_options options;
    struct server_endpoint endpoint;
    struct callers callers;
    struct session *first;
    struct session *numbers;
    unsigned n;
    uv_timer_t tick; /* runs while there are sessions or callers */
    bool is_stopped;
    bool is_closing;
};

#endif
