// What a stream is asked for by, and what is said of it.
#ifndef VMB_SESSION_H
#define VMB_SESSION_H

#include "base/metrics.h"
#include "serve/gateway/gateway.h"

enum {
    SESSIONS_MAX = 1024,         /* of this replica */
    SESSIONS_OF_ONE_MAX = 64,    /* of one launcher */
    SESSION_DIAL_MS = 10 * 1000, /* from the question to the launcher's being on the line */
};

enum session_kind { SESSION_CONSOLE, SESSION_VNC, SESSION_PORT };

enum { SESSION_WHAT_SIZE = 16 }; /* "port/65535" */

enum session_verdict {
    SESSION_READY,   /* the launcher is on the line: session_begin, now */
    SESSION_REFUSED, /* 'end' and 'said' tell why */
    SESSION_LATE,    /* it did not dial back in time */
    SESSION_FULL,    /* there are too many */
    SESSION_LOST,    /* this replica ends, or leads no more, or the launcher went at once */
};

struct session_ask {
    const char *pod_uid;
    enum session_kind kind;
    unsigned port; /* of SESSION_PORT */
    bool is_preserving;
    bool is_told_by_caller; /* the launcher's line is not here: whoever asks has another replica tell it session_number */
    /* Called once, before session_ask returns or later. 'said' is the launcher's, borrowed, NULL when it said nothing. */
    void (*done)(void *arg, enum session_verdict verdict, enum request_end end, const char *said);
    void *arg;
};

struct sessions_options {
    uv_loop_t *loop;
    struct token_verifier *verifier; /* borrowed, as are the others */
    struct gateway *gateway;
    struct metrics *metrics; /* may be NULL */
    const char *address;     /* host:port where launchers reach this replica */
};

#endif
