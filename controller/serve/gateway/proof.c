// Who dials in: the token is checked, its pod looked up, and the connection joins or is refused.
#include "serve/gateway/proof.h"

#include "base/clock.h"
#include "base/random.h"
#include "serve/gateway/line.h"

enum { REFUSED_LOG_MS = 1000 };

/* When a connection is over whose token ends then. 0, which no token says: as if it lasted long. */
static int64_t
ends_ms_of(const struct gateway *g, int64_t expires_s)
{
    int64_t left_s = expires_s ? expires_s - clock_wall_s() : GATEWAY_TOKEN_MAX_S;
    int64_t by_chance_ms = random_u32() % (g->grace_ms - g->grace_ms / 10 + 1);

    left_s = left_s < 0 ? 0 : left_s;
    left_s = left_s > GATEWAY_TOKEN_MAX_S ? GATEWAY_TOKEN_MAX_S : left_s;
    return clock_mono_ms() + left_s * 1000 + g->grace_ms / 10 + by_chance_ms;
}

/* The connection is open and proven: from here on it counts. */
static void
join(struct launcher *l)
{
    struct gateway *g = l->gateway;
    const char *leader = g->sink->redirect(g->sink->arg);

    if (leader) {
        server_stream_proven(l->stream); /* this replica may lead next, and they all come back at once */
        line_redirect(l, leader);
        return;
    }
    line_join(l);
    server_stream_trust(l->stream);
    g->sink->connected(g->sink->arg, l->vmi_uid, l->pod_uid);
}

static void
refuse(struct launcher *l, unsigned status, const char *reason, const char *label, const char *message)
{
    l->refusal = XNEW(struct server_refusal);
    l->refusal->status = status;
    l->refusal->reason = reason;
    snprintf(l->refusal->message, sizeof(l->refusal->message), "%s", message);
    gateway_count_one(l->gateway, &gateway_metric_refusals, label);
}

static void
refuse_unknown(struct launcher *l)
{
    refuse(l, 503, "ServiceUnavailable", "reason=\"unknown-pod\"",
           "no VirtualMachineInstance is known to run in this pod (yet)");
}

/* NULL: not known. Borrowed until the loop runs on. A standby needs no pod cache to send a launcher on: "". */
static const char *
vmi_of(const struct gateway *g, const struct token_identity *id)
{
    const char *vmi_uid = "";

    if (g->sink->redirect(g->sink->arg)) {
        return "";
    }
    bool is_known = g->sink->who(g->sink->arg, id->namespace, id->pod_name, id->pod_uid, &vmi_uid);
    return is_known && !str_empty(vmi_uid) ? vmi_uid : NULL;
}

/* Only who would be let in if it is true. */
static bool
is_worth(void *arg, const struct token_identity *claimed)
{
    const struct launcher *l = arg;

    return vmi_of(l->gateway, claimed);
}

/* Who is it, in our terms? Fills the names or the refusal. */
static void
identify(struct launcher *l, const struct token_identity *id)
{
    const char *vmi_uid = vmi_of(l->gateway, id);

    if (!vmi_uid) {
        refuse_unknown(l);
        return;
    }
    l->namespace = xstrdup(id->namespace);
    l->pod_name = xstrdup(id->pod_name);
    l->pod_uid = xstrdup(id->pod_uid);
    l->vmi_uid = xstrdup(vmi_uid);
    l->ends_ms = ends_ms_of(l->gateway, id->expires_s);
    l->is_proven = true;
}

/* Strangers may come as fast as they like; the log shall not. */
static void
log_refused(struct launcher *l, const struct err *err)
{
    struct gateway *g = l->gateway;
    int64_t now_ms = clock_mono_ms();

    if (now_ms - g->refused_ms < REFUSED_LOG_MS) {
        g->n_refused_unsaid++;
        return;
    }
    log_info(&g->log, "launcher refused", F_STR("peer", server_stream_peer(l->stream)), F_ERR(err),
             F_I64("unsaid", g->n_refused_unsaid));
    g->refused_ms = now_ms;
    g->n_refused_unsaid = 0;
}

static void
judge(struct launcher *l, const struct token_identity *identity, const struct err *err)
{
    if (!err) {
        identify(l, identity);
        return;
    }
    if (err_class(err) == ERR_INVALID) {
        refuse(l, 401, "Unauthorized", "reason=\"token\"", err_text(err));
    } else if (err_class(err) == ERR_NOT_FOUND) {
        refuse_unknown(l);
    } else {
        refuse(l, 503, "ServiceUnavailable", "reason=\"api-server\"", "the token cannot be checked now, try again");
    }
    log_refused(l, err);
}

static void
join_or_close(struct launcher *l)
{
    if (l->is_proven) {
        join(l);
    } else {
        server_stream_close(l->stream, l->refusal->status == 401 ? SERVER_CLOSE_POLICY : SERVER_CLOSE_TRY_LATER,
                            l->refusal->message);
    }
}

static void
on_verdict(void *arg, const struct token_identity *identity, const struct err *err)
{
    struct launcher *l = arg;

    l->check = NULL;
    judge(l, identity, err);
    if (l->is_open) {
        join_or_close(l);
    }
}

/* A standby sends launchers on without knowing them. */
bool
proof_expects(void *arg)
{
    const struct gateway_sink *sink = ((struct gateway *)arg)->sink;

    return sink->redirect(sink->arg) || sink->knows(sink->arg);
}

bool
proof_admit(void *arg, struct server_stream *s, const char *bearer, size_t bearer_len,
            struct server_refusal *ret_refusal)
{
    struct gateway *g = arg;
    struct launcher *l;

    if (!bearer) {
        gateway_count_one(g, &gateway_metric_refusals, "reason=\"no-token\"");
        *ret_refusal =
            (struct server_refusal){401, "Unauthorized", "a bearer token of the pod's service account is needed"};
        return false;
    }
    l = XNEW(struct launcher);
    l->gateway = g;
    l->stream = s;
    server_stream_set(s, l);
    const struct token_question q = {.token = bearer,
                                     .len = bearer_len,
                                     .peer = server_stream_peer(s),
                                     .is_worth = is_worth,
                                     .done = on_verdict,
                                     .arg = l};
    l->check = token_check(g->verifier, &q);
    if (l->refusal) {
        *ret_refusal = *l->refusal;
        line_free(l);
        return false;
    }
    return true;
}

void
proof_opened(void *arg, struct server_stream *s)
{
    struct launcher *l = server_stream_get(s);

    (void)arg;
    l->is_open = true;
    if (!l->check) {
        join_or_close(l);
    }
}
