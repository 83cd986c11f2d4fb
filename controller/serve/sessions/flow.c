// Bytes between the two ends of a session. Towards the launcher they are pulled, when its connection takes more; towards the caller they
// are pushed, and while he does not take them nothing is read from the launcher.
#include "serve/sessions/flow.h"

#include "serve/http/server_raw.h"
#include "serve/sessions/session_life.h"

_Static_assert((int)CALLER_PIECE_MAX <= (int)SERVER_RAW_MAX, "a piece of the caller's is one write to the launcher");

void
flow_bytes(struct session *s, const char *data, size_t len)
{
    switch (caller_push(s->caller, data, len)) {
    case CALLER_TAKEN:
        return;
    case CALLER_FULL:
        server_raw_hold(s->dial->stream, true);
        return;
    case CALLER_BROKEN:
        session_end(s, SESSION_LOST, CALLER_GOING_AWAY, "the caller is gone");
        return;
    }
}

void
flow_writable(struct session *s)
{
    unsigned char bytes[SERVER_RAW_PRE + SERVER_RAW_MAX];
    size_t len = 0;

    switch (caller_pull(s->caller, bytes + SERVER_RAW_PRE, &len)) {
    case CALLER_BYTES:
        if (len > 0) {
            server_raw_write(s->dial->stream, bytes + SERVER_RAW_PRE, len);
        }
        server_raw_want(s->dial->stream);
        return;
    case CALLER_NOTHING: /* 'ready' is called */
    case CALLER_GONE:    /* 'gone' was called */
        return;
    }
}

static void
on_ready(void *arg)
{
    const struct session *s = arg;

    server_raw_want(s->dial->stream);
}

static void
on_drained(void *arg)
{
    const struct session *s = arg;

    server_raw_hold(s->dial->stream, false);
}

static void
on_gone(void *arg, enum caller_close code, const char *why)
{
    session_end(arg, SESSION_LOST, code, why);
}

const struct caller_owner flow_owner = {.ready = on_ready, .drained = on_drained, .gone = on_gone};
