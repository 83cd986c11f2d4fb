// Everything that can be refused is, before the upgrade: afterwards there are no codes.
#include "serve/api/streams.h"

#include "serve/api/dial_verb.h"
#include "serve/api/instance_rules.h"
#include "serve/api/instance_verbs.h"
#include "serve/api/objects.h"
#include "serve/api/port_forward.h"
#include "serve/sessions/upgrade.h"

enum {
    QUERY_SIZE = 256,
    TRIES_MAX =
        24, /* kube-apiserver asks any replica: of three, the one that leads is missed so often once in 16,000 times */
};

/* What the arena takes back: a stream that nobody waits for any more. */
struct streaming {
    struct session *session; /* NULL: it has ended, or lives by itself */
    char reply[UPGRADE_REPLY_SIZE];
    const char *wish; /* of the replica that leads, when that is another one */
    unsigned port;    /* of port-forwarding */
};

static void
on_drop(void *arg)
{
    struct streaming *st = arg;

    session_cancel(STEAL(st->session));
}

static void
begin(struct job *j)
{
    struct streaming *st = j->verb;
    struct session *s = STEAL(st->session);
    char reply[UPGRADE_REPLY_SIZE];
    SSL *ssl;
    int fd;

    memcpy(reply, st->reply, sizeof(reply));
    job_take(j, &ssl, &fd);
    session_begin(s, ssl, fd, reply);
}

static void
refuse(struct job *j, enum request_end end, const char *said)
{
    if (end == REQUEST_FAILED && str_eq(said, LAUNCHER_STREAM_HELD)) {
        job_refuse(j, 503, "ServiceUnavailable", "%s", said);
    } else {
        instance_verbs_refuse(j, end, said);
    }
}

static void
on_session(void *arg, enum session_verdict verdict, enum request_end end, const char *said)
{
    struct job *j = arg;
    struct streaming *st = j->verb;

    if (verdict == SESSION_READY) {
        begin(j);
        return;
    }
    st->session = NULL;
    switch ((int)verdict) {
    case SESSION_REFUSED:
        refuse(j, end, said);
        break;
    case SESSION_LATE:
        job_refuse(j, 504, "Timeout", "the launcher did not connect within %d seconds", SESSION_DIAL_MS / 1000);
        break;
    case SESSION_FULL:
        job_refuse(j, 429, "TooManyRequests", "there are too many streams: %d of one instance, %d of this replica",
                   SESSIONS_OF_ONE_MAX, SESSIONS_MAX);
        break;
    default:
        job_refuse(j, 503, "ServiceUnavailable", "the stream ended before it began: ask again");
        break;
    }
}

static bool
is_preserving(const struct job *j)
{
    char query[QUERY_SIZE];
    char *save = NULL;

    if (snprintf(query, sizeof(query), "%s", call_request(j->call)->query) >= (int)sizeof(query)) {
        return false;
    }
    for (char *p = strtok_r(query, "&", &save); p; p = strtok_r(NULL, "&", &save)) {
        if (str_eq(p, "preserveSession=true")) {
            return true;
        }
    }
    return false;
}

static void ask_leader(struct job *j);

static void
on_leader(void *arg, const struct kube_reply *reply)
{
    struct job *j = arg;
    struct streaming *st = j->verb;
    const char *said = NULL;
    enum request_end end = reply->err ? REQUEST_AWAY : dial_verb_end(reply->body, &said);

    if (!reply->err && end == REQUEST_OK) {
        return; /* the launcher dials */
    }
    if (reply->status == 503 && j->tries++ < TRIES_MAX) {
        ask_leader(j);
        return;
    }
    session_cancel(STEAL(st->session));
    if (reply->err) {
        job_refuse(j, 503, "ServiceUnavailable", "the replica that leads cannot be asked: %s", err_text(reply->err));
    } else {
        refuse(j, end, said);
    }
}

/* By way of kube-apiserver, which leads to any replica. */
static void
ask_leader(struct job *j)
{
    const struct streaming *st = j->verb;
    const char *path =
        arena_printf(j->arena, "/apis/subresources.kubevirt.io/v1/namespaces/%s/virtualmachineinstances/%s/dial",
                     j->route.namespace, j->route.name);
    const struct kube_call call = {
        .verb = KUBE_PUT, .path = path, .resource = "virtualmachineinstances/dial", .body = st->wish};

    job_send(j, &call, on_leader);
}

static enum session_kind
kind_of(enum verb_id id)
{
    if (id == VERB_ID_PORTFORWARD) {
        return SESSION_PORT;
    }
    return id == VERB_ID_VNC ? SESSION_VNC : SESSION_CONSOLE;
}

static void
ask(struct job *j, struct streaming *st, const char *pod)
{
    const struct session_ask ask = {
        .pod_uid = pod,
        .kind = kind_of(j->route.row->id),
        .port = st->port,
        .is_preserving = j->route.row->id == VERB_ID_VNC && is_preserving(j),
        .is_told_by_caller = !j->jobs->leads,
        .done = on_session,
        .arg = j,
    };
    bool is_over = false;

    j->is_over = &is_over; // cppcheck-suppress autoVariables ; taken back below, unless the job is gone
    struct session *s = session_ask(j->jobs->sessions, &ask);
    if (is_over) {
        return;
    }
    j->is_over = NULL;
    st->session = s;
    arena_on_reset(j->arena, on_drop, st);
    if (ask.is_told_by_caller) {
        const struct dial_wish wish = {.pod = pod,
                                       .session = session_number(s),
                                       .address = sessions_address(j->jobs->sessions),
                                       .kind = session_what(s),
                                       .is_preserving = ask.is_preserving};
        st->wish = dial_verb_body(j, &wish);
        ask_leader(j);
    }
}

/* NULL: the upgrade can be accepted. */
static const char *
read_upgrade(const struct job *j, struct streaming *st)
{
    const struct http_request *q = call_request(j->call);
    const struct upgrade_ask ask = {.upgrade = http_header(q, "upgrade"),
                                    .connection = http_header(q, "connection"),
                                    .version = http_header(q, "sec-websocket-version"),
                                    .key = http_header(q, "sec-websocket-key"),
                                    .protocols = http_header(q, "sec-websocket-protocol")};

    return q->has_more ? "bytes came before the upgrade was accepted" : upgrade_accept(&ask, st->reply);
}

static void
with_vmi(struct job *j)
{
    struct streaming *st = j->verb;
    const char *why = NULL;
    unsigned code = instance_refusal(j->route.row->id, j->vmi, &why);
    const char *pod = instance_verbs_pod(j);

    if (code == 409 || (!code && !pod)) {
        job_conflict(j, code ? why : "VMI is not running");
        return;
    }
    why = code ? why : read_upgrade(j, st);
    if (why) {
        job_refuse(j, 400, "BadRequest", "%s", why);
    } else {
        ask(j, st, pod);
    }
}

void
streams_run(struct job *j)
{
    struct streaming *st = ARENA_NEW(j->arena, struct streaming);

    j->verb = st;
    if (j->route.row->id == VERB_ID_PORTFORWARD) {
        const char *why = port_forward_read(j->route.rest, &st->port);
        if (why) {
            job_refuse(j, 400, "BadRequest", "%s", why);
            return;
        }
    }
    objects_need_vmi(j, with_vmi);
}
