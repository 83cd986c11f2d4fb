// The one place where a session ends, and the table by number in which it waits before.
#include "serve/sessions/session_life.h"

#include <utlist.h>

#include "base/clock.h"
#include "serve/http/server_raw.h"

static const char *const kinds[] = {[SESSION_CONSOLE] = "console", [SESSION_VNC] = "vnc", [SESSION_PORT] = "port"};
static const char *const verdicts[] = {
    [SESSION_READY] = "ready", [SESSION_REFUSED] = "refused", [SESSION_LATE] = "late",
    [SESSION_FULL] = "full",   [SESSION_LOST] = "lost",
};

static const struct metric m_open = {
    .name = "vmbridge_sessions_open",
    .help = "Streams that are asked for or open, on this replica.",
    .type = METRIC_GAUGE,
};
static const struct metric m_total = {
    .name = "vmbridge_sessions_total",
    .help = "Streams that were asked for, by kind and what became of the question.",
    .type = METRIC_COUNTER,
};
static const struct metric m_refused = {
    .name = "vmbridge_session_dials_refused_total",
    .help = "Connections with the number of a stream that were refused, by reason.",
    .type = METRIC_COUNTER,
};

void
session_count_refused(const struct sessions *all, const char *why)
{
    AUTO(freep) char *labels = xasprintf("reason=\"%s\"", why);

    if (all->options.metrics) {
        metrics_add(all->options.metrics, &m_refused, labels, 1);
    }
}

static void
count_open(const struct sessions *all)
{
    if (all->options.metrics) {
        metrics_set(all->options.metrics, &m_open, NULL, (double)all->n);
    }
}

void
session_count(const struct sessions *all, enum session_kind kind, enum session_verdict verdict)
{
    AUTO(freep) char *labels = xasprintf("kind=\"%s\",result=\"%s\"", kinds[kind], verdicts[verdict]);

    if (all->options.metrics) {
        metrics_add(all->options.metrics, &m_total, labels, 1);
    }
}

/* Its end */

/* Whoever asked is told once. */
static void
say(struct session *s, enum session_verdict verdict, enum request_end end, const char *said)
{
    void (*done)(void *arg, enum session_verdict verdict, enum request_end end, const char *said) = STEAL(s->ask.done);

    if (done) {
        session_count(s->all, s->kind, verdict);
        done(s->ask.arg, verdict, end, said);
    }
}

void
session_enter(struct session *s)
{
    struct sessions *all = s->all;

    HASH_ADD_STR(all->numbers, number, s);
    DL_APPEND(all->first, s);
    all->n++;
    count_open(all);
}

static void
leave(struct session *s)
{
    struct sessions *all = s->all;

    if (!s->is_claimed) {
        HASH_DEL(all->numbers, s);
    }
    DL_DELETE(all->first, s);
    all->n--;
    count_open(all);
}

static void
end_it(struct session *s, enum session_verdict verdict, enum request_end how, const char *said, enum caller_close code)
{
    if (s->is_over) {
        return;
    }
    s->is_over = true;
    leave(s);
    gateway_request_cancel(s->all->options.gateway, STEAL(s->request));
    if (s->dial) {
        s->dial->session = NULL;
        server_stream_close(s->dial->stream, (enum server_close)code, said ? said : "");
    }
    if (s->caller) {
        caller_close(s->caller, code, said);
    }
    say(s, verdict, how, said);
    free(s->pod_uid);
    free(s);
}

void
session_fail(struct session *s, enum session_verdict verdict, enum request_end end, const char *said)
{
    end_it(s, verdict, end, said, CALLER_GOING_AWAY);
}

void
session_end(struct session *s, enum session_verdict verdict, enum caller_close code, const char *why)
{
    end_it(s, verdict, REQUEST_AWAY, why, code);
}

struct session *
session_find(const struct sessions *all, const char *number, const char *pod_uid, const char **ret_why)
{
    struct session *s = NULL;

    HASH_FIND_STR(all->numbers, number, s);
    if (!s) {
        *ret_why = "unknown";
    } else if (!str_eq(s->pod_uid, pod_uid)) {
        *ret_why = "other-pod";
    } else if (s->due_ms <= clock_mono_ms()) {
        *ret_why = "late";
    } else {
        return s;
    }
    return NULL;
}

void
session_claim(struct session *s, struct dial *d)
{
    d->session = s;
    s->dial = d;
    s->is_claimed = true;
    HASH_DEL(s->all->numbers, s);
}

void
session_join(struct session *s)
{
    server_stream_trust(s->dial->stream);
    server_raw_hold(s->dial->stream, true); /* until the caller is there */
    say(s, SESSION_READY, REQUEST_OK, NULL);
}
