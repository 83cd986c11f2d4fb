// Launchers that dial back: the token says which pod it is, the number which session. Both have to agree, once.
#include "serve/sessions/dial.h"

#include "base/utf8.h"
#include "serve/http/server_raw.h"
#include "serve/sessions/flow.h"
#include "serve/sessions/session_life.h"

enum { PING_S = 30 };

static void
dial_free(struct dial *d)
{
    token_check_cancel(d->check);
    free(d->refusal);
    free(d);
}

static void
refuse(struct dial *d, unsigned status, const char *reason, const char *label, const char *message)
{
    d->refusal = XNEW(struct server_refusal);
    d->refusal->status = status;
    d->refusal->reason = reason;
    snprintf(d->refusal->message, sizeof(d->refusal->message), "%s", message);
    session_count_refused(d->all, label);
}

/* Only who would be let in if it is true. */
static bool
is_worth(void *arg, const struct token_identity *claimed)
{
    const struct dial *d = arg;
    const char *why = NULL;

    return session_find(d->all, d->number, claimed->pod_uid, &why) != NULL;
}

static void
judge(struct dial *d, const struct token_identity *identity, const struct err *err)
{
    const char *why = "unknown";
    struct session *s = err ? NULL : session_find(d->all, d->number, identity->pod_uid, &why);

    if (s) {
        session_claim(s, d);
    } else if (!err || err_class(err) == ERR_NOT_FOUND) {
        refuse(d, 403, "Forbidden", why, "no stream of that number waits for this pod");
    } else if (err_class(err) == ERR_INVALID) {
        refuse(d, 401, "Unauthorized", "token", err_text(err));
    } else {
        refuse(d, 503, "ServiceUnavailable", "api-server", "the token cannot be checked now");
    }
}

static void
join_or_close(struct dial *d)
{
    if (d->session) {
        session_join(d->session);
    } else {
        server_stream_close(d->stream, SERVER_CLOSE_POLICY, d->refusal ? d->refusal->message : "the stream is over");
    }
}

static void
on_verdict(void *arg, const struct token_identity *identity, const struct err *err)
{
    struct dial *d = arg;

    d->check = NULL;
    judge(d, identity, err);
    if (d->is_open) {
        join_or_close(d);
    }
}

static bool
admit(void *arg, struct server_stream *stream, const char *bearer, size_t len, struct server_refusal *ret_refusal)
{
    struct sessions *all = arg;
    const char *number = server_raw_rest(stream);

    if (!bearer || strlen(number) != LAUNCHER_SESSION_DIGITS) {
        session_count_refused(all, bearer ? "unknown" : "no-token");
        *ret_refusal = bearer ? (struct server_refusal){404, "NotFound", "there is no such stream"}
                              : (struct server_refusal){401, "Unauthorized", "a bearer token of the pod is needed"};
        return false;
    }
    struct dial *d = XNEW(struct dial);
    d->all = all;
    d->stream = stream;
    snprintf(d->number, sizeof(d->number), "%s", number);
    server_stream_set(stream, d);
    const struct token_question q = {.token = bearer,
                                     .len = len,
                                     .peer = server_stream_peer(stream),
                                     .is_worth = is_worth,
                                     .done = on_verdict,
                                     .arg = d};
    d->check = token_check(all->options.verifier, &q);
    if (d->refusal) {
        *ret_refusal = *d->refusal;
        dial_free(d);
        return false;
    }
    return true;
}

static void
opened(void *arg, struct server_stream *stream)
{
    struct dial *d = server_stream_get(stream);

    (void)arg;
    d->is_open = true;
    if (!d->check) {
        join_or_close(d);
    }
}

static void
bytes(void *arg, struct server_stream *stream, const char *data, size_t len)
{
    const struct dial *d = server_stream_get(stream);

    (void)arg;
    if (d->session && d->session->caller) {
        flow_bytes(d->session, data, len);
    }
}

static void
writable(void *arg, struct server_stream *stream)
{
    const struct dial *d = server_stream_get(stream);

    (void)arg;
    if (d->session && d->session->caller) {
        flow_writable(d->session);
    }
}

/* The words of a process that its guest may have taken. */
static void
parting(void *arg, struct server_stream *stream, unsigned code, const char *text, size_t len)
{
    struct dial *d = server_stream_get(stream);

    (void)arg;
    (void)code; /* the caller's is ours to choose */
    snprintf(d->words, sizeof(d->words), "%.*s", (int)(len < DIAL_WORDS_SIZE ? len : DIAL_WORDS_SIZE), text);
    utf8_clean(d->words);
}

static void
closed(void *arg, struct server_stream *stream)
{
    struct dial *d = server_stream_get(stream);
    struct session *s = STEAL(d->session);

    (void)arg;
    if (s) {
        s->dial = NULL;
        session_end(s, SESSION_LOST, *d->words ? CALLER_NORMAL : CALLER_GOING_AWAY,
                    *d->words ? d->words : "the guest's side of the stream is gone");
    }
    dial_free(d);
}

void
dial_endpoint(struct sessions *all)
{
    all->endpoint = (struct server_endpoint){.path = LAUNCHER_STREAM_PATH,
                                             .protocol = LAUNCHER_STREAM_PROTOCOL,
                                             .ping_s = PING_S,
                                             .is_raw = true,
                                             .admit = admit,
                                             .opened = opened,
                                             .bytes = bytes,
                                             .writable = writable,
                                             .parting = parting,
                                             .closed = closed,
                                             .arg = all};
}
