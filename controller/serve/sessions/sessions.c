// The table of sessions, their deadlines, their beginning and their end.
#include "serve/sessions/sessions.h"

#include <openssl/rand.h>
#include <utlist.h>

#include "base/clock.h"
#include "serve/http/server_raw.h"
#include "serve/sessions/dial.h"
#include "serve/sessions/flow.h"
#include "serve/sessions/session_life.h"

enum { TICK_MS = 500, PING_MS = 10 * 1000 };

void
session_cancel(struct session *s)
{
    if (s) {
        s->ask.done = NULL;
        session_end(s, SESSION_LOST, CALLER_GOING_AWAY, "nobody waits for it any more");
    }
}

/* Time */

static void
look_at(struct session *s, int64_t now_ms)
{
    if (!s->caller) {
        if (s->due_ms <= now_ms) {
            session_end(s, SESSION_LATE, CALLER_GOING_AWAY, "it came too late");
        }
    } else if (caller_is_silent(s->caller, now_ms)) {
        session_end(s, SESSION_LOST, CALLER_GOING_AWAY, "nothing was heard of the caller");
    } else if (now_ms - s->pinged_ms >= PING_MS) {
        s->pinged_ms = now_ms;
        caller_ping(s->caller);
    }
}

static void
on_tick(uv_timer_t *t)
{
    struct sessions *all = t->data;
    int64_t now_ms = clock_mono_ms();
    struct session *s, *tmp;

    DL_FOREACH_SAFE(all->first, s, tmp) {
        look_at(s, now_ms);
    }
    callers_sweep(&all->callers, now_ms);
    if (!all->first && !all->callers.first) {
        (void)uv_timer_stop(t);
    }
}

/* Its beginning */

/* All digits by chance: whoever knows the number was told it. */
static void
make_number(char ret_number[SESSION_NUMBER_SIZE])
{
    unsigned char bytes[LAUNCHER_SESSION_DIGITS / 2];

    BUG_ON(RAND_bytes(bytes, sizeof(bytes)) != 1);
    for (size_t i = 0; i < sizeof(bytes); i++) {
        snprintf(ret_number + 2 * i, 3, "%02x", bytes[i]);
    }
}

static bool
is_full(const struct sessions *all, const char *pod_uid)
{
    const struct session *s;
    unsigned n = 0;

    DL_FOREACH(all->first, s) {
        n += str_eq(s->pod_uid, pod_uid);
    }
    return all->n >= SESSIONS_MAX || n >= SESSIONS_OF_ONE_MAX;
}

static void
on_answered(void *arg, enum request_end how, const struct launcher_answer *answer)
{
    struct session *s = arg;

    s->request = NULL;
    if (how != REQUEST_OK && !s->caller) {
        session_fail(s, how == REQUEST_TIMED_OUT ? SESSION_LATE : SESSION_REFUSED, how, answer ? answer->message : NULL);
    }
}

/* False: the session is over. */
static bool
ask_launcher(struct session *s)
{
    struct str_pair pairs[] = {{LAUNCHER_ARGUMENT_SESSION, s->number},
                               {LAUNCHER_ARGUMENT_ADDRESS, s->all->options.address},
                               {LAUNCHER_ARGUMENT_KIND, s->what},
                               {LAUNCHER_ARGUMENT_PRESERVE, s->ask.is_preserving ? "true" : "false"}};
    const struct str_map arguments = {pairs, ARRAY_LEN(pairs)};
    const struct request_question q = {.verb = LAUNCHER_VERB_STREAM,
                                       .arguments = &arguments,
                                       .within_ms = SESSION_DIAL_MS,
                                       .done = on_answered,
                                       .arg = s};
    struct request *r = gateway_request(s->all->options.gateway, s->pod_uid, &q);

    if (!r) { /* refused at once, which ended it */
        return false;
    }
    s->request = r;
    return true;
}

static void
name_stream(const struct session_ask *ask, char ret_what[SESSION_WHAT_SIZE])
{
    switch (ask->kind) {
    case SESSION_CONSOLE:
        (void)snprintf(ret_what, SESSION_WHAT_SIZE, LAUNCHER_STREAM_CONSOLE);
        break;
    case SESSION_VNC:
        (void)snprintf(ret_what, SESSION_WHAT_SIZE, LAUNCHER_STREAM_VNC);
        break;
    case SESSION_PORT:
        (void)snprintf(ret_what, SESSION_WHAT_SIZE, LAUNCHER_STREAM_PORT "%u", ask->port);
        break;
    }
}

struct session *
session_ask(struct sessions *all, const struct session_ask *ask)
{
    struct session *s;

    if (all->is_stopped || is_full(all, ask->pod_uid)) {
        enum session_verdict verdict = all->is_stopped ? SESSION_LOST : SESSION_FULL;
        session_count(all, ask->kind, verdict);
        ask->done(ask->arg, verdict, REQUEST_AWAY, NULL);
        return NULL;
    }
    s = XNEW(struct session);
    s->all = all;
    s->ask = *ask;
    s->kind = ask->kind;
    name_stream(ask, s->what);
    s->pod_uid = xstrdup(ask->pod_uid);
    s->due_ms = clock_mono_ms() + SESSION_DIAL_MS;
    make_number(s->number);
    session_enter(s);
    if (!uv_is_active((uv_handle_t *)&all->tick)) {
        uv_timer_start(&all->tick, on_tick, TICK_MS, TICK_MS);
    }
    return ask->is_told_by_caller || ask_launcher(s) ? s : NULL;
}

const char *
session_number(const struct session *s)
{
    return s->number;
}

const char *
session_what(const struct session *s)
{
    return s->what;
}

const char *
sessions_address(const struct sessions *all)
{
    return all->options.address;
}

void
session_begin(struct session *s, SSL *ssl, int fd, const char *reply)
{
    struct caller_owner owner = flow_owner;

    owner.arg = s;
    s->pinged_ms = clock_mono_ms();
    s->caller = caller_new(&s->all->callers, ssl, fd, &owner, reply);
    server_raw_hold(s->dial->stream, false);
    server_raw_want(s->dial->stream);
}

/* All of them */

static void
on_tick_closed(uv_handle_t *h)
{
    free(h->data);
}

/* Closing, and the last good-bye was said. */
static void
on_emptied(void *arg)
{
    struct sessions *all = arg;

    if (all->is_closing && !uv_is_closing((uv_handle_t *)&all->tick)) {
        uv_close((uv_handle_t *)&all->tick, on_tick_closed);
    }
}

struct sessions *
sessions_new(const struct sessions_options *options)
{
    struct sessions *all = XNEW(struct sessions);

    all->options = *options;
    all->callers = (struct callers){.loop = options->loop, .emptied = on_emptied, .arg = all};
    BUG_ON(uv_timer_init(options->loop, &all->tick) != 0);
    all->tick.data = all;
    dial_endpoint(all);
    return all;
}

const struct server_endpoint *
sessions_endpoint(const struct sessions *all)
{
    return &all->endpoint;
}

void
sessions_stop(struct sessions *all, const char *why)
{
    all->is_stopped = true;
    while (all->first) {
        session_end(all->first, SESSION_LOST, CALLER_GOING_AWAY, why);
    }
}

void
sessions_close(struct sessions *all)
{
    if (!all) {
        return;
    }
    BUG_ON(all->first);
    all->is_closing = true;
    if (all->callers.n == 0) {
        on_emptied(all);
    }
}
