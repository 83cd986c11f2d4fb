// Connects launchers with the loop: proves who dials in, checks that it speaks for its own VMI, and keeps one connection per pod.
// Holds no state of a VMI.
#include "serve/gateway/gateway.h"

#include <uthash.h>

#include "base/clock.h"
#include "base/random.h"

enum {
    STATE_ARENA_BYTES = 512 * 1024,
    REFUSED_LOG_MS = 1000,
    SWEEP_MIN_MS = 250,
    SWEEP_MAX_MS = 10 * 1000,
};

static const struct metric launchers = {
    .name = "vmbridge_launchers_connected",
    .help = "Launchers whose connection is proven and open.",
    .type = METRIC_GAUGE,
};
static const struct metric messages = {
    .name = "vmbridge_launcher_messages_total",
    .help = "Messages between launchers and this replica, by direction and type.",
    .type = METRIC_COUNTER,
};
static const struct metric refusals = {
    .name = "vmbridge_launcher_refused_total",
    .help = "Launcher connections refused or ended by the gateway, by reason.",
    .type = METRIC_COUNTER,
};

/* One connection. */
struct launcher {
    struct gateway *gateway;
    struct server_stream *stream;
    struct token_check *check; /* the token is being checked */
    bool is_open;              /* upgraded; refusals are close frames from now on */
    bool is_proven;            /* the names below are known and true */
    bool is_joined;            /* in the table */
    char *namespace;
    char *pod_name;
    char *pod_uid;
    char *vmi_uid;
    int64_t ends_ms;                /* monotonic: the token has ended, and the grace */
    struct server_refusal *refusal; /* or NULL */
    UT_hash_handle hh;              /* by pod_uid */
};

struct gateway {
    struct log log;
    struct token_verifier *verifier;
    const struct gateway_sink *sink;
    struct metrics *metrics;
    struct server_endpoint endpoint;
    struct launcher *joined;
    int64_t grace_ms;
    uv_timer_t sweep;    /* runs while there are connections: ends those whose token has ended */
    struct arena *arena; /* of the message at hand */
    int64_t refused_ms;  /* when a refusal was logged last */
    int64_t n_refused_unsaid;
};

static void
count(struct gateway *g, const struct metric *metric, const char *labels)
{
    if (g->metrics) {
        metrics_add(g->metrics, metric, labels, 1);
    }
}

static void
count_joined(struct gateway *g)
{
    if (g->metrics) {
        metrics_set(g->metrics, &launchers, NULL, (double)HASH_COUNT(g->joined));
    }
}

static struct launcher *
find(const struct gateway *g, const char *pod_uid)
{
    struct launcher *l = NULL;

    HASH_FIND_STR(g->joined, pod_uid, l);
    return l;
}

static void
leave(struct launcher *l)
{
    if (l->is_joined) {
        HASH_DEL(l->gateway->joined, l);
        l->is_joined = false;
        count_joined(l->gateway);
    }
}

static void
leave_and_tell(struct launcher *l)
{
    const struct gateway_sink *sink = l->gateway->sink;

    if (l->is_joined) {
        leave(l);
        sink->disconnected(sink->arg, l->vmi_uid, l->pod_uid);
    }
}

static void
redirect(struct launcher *l, const char *address)
{
    struct launcher_redirect msg = {.version = LAUNCHER_MSG_VERSION, .address = address};
    AUTO(freep) char *text = launcher_msg_write(LAUNCHER_MSG_REDIRECT, &launcher_redirect_type, &msg);

    count(l->gateway, &messages, "direction=\"down\",type=\"redirect\"");
    server_stream_send(l->stream, text, strlen(text));
    server_stream_close(l->stream, SERVER_CLOSE_GOING_AWAY, "this replica does not lead");
}

static void
on_sweep(uv_timer_t *t)
{
    struct gateway *g = t->data;
    int64_t now_ms = clock_mono_ms();
    struct launcher *l, *tmp;

    HASH_ITER(hh, g->joined, l, tmp) {
        if (l->ends_ms <= now_ms) {
            leave_and_tell(l);
            server_stream_close(l->stream, SERVER_CLOSE_NORMAL, "the token has ended, connect with the next one");
        }
    }
    if (!g->joined) {
        uv_timer_stop(&g->sweep);
    }
}

static void
sweep_start(struct gateway *g)
{
    int64_t every_ms = g->grace_ms / 10;

    every_ms = every_ms < SWEEP_MIN_MS ? SWEEP_MIN_MS : every_ms;
    every_ms = every_ms > SWEEP_MAX_MS ? SWEEP_MAX_MS : every_ms;
    if (!uv_is_active((uv_handle_t *)&g->sweep)) {
        uv_timer_start(&g->sweep, on_sweep, (uint64_t)every_ms, (uint64_t)every_ms);
    }
}

/* When a connection is over whose token ends then. 0, which no token says: as if it lasted long. */
static int64_t
line_end_ms(const struct gateway *g, int64_t expires_s)
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
    struct launcher *old;

    if (leader) {
        server_stream_proven(l->stream); /* this replica may lead next, and they all come back at once */
        redirect(l, leader);
        return;
    }
    old = find(g, l->pod_uid);
    if (old) {
        leave(old);
        server_stream_close(old->stream, SERVER_CLOSE_NORMAL, "the same pod has connected again");
    }
    HASH_ADD_KEYPTR(hh, g->joined, l->pod_uid, strlen(l->pod_uid), l);
    l->is_joined = true;
    count_joined(g);
    sweep_start(g);
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
    count(l->gateway, &refusals, label);
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
    l->ends_ms = line_end_ms(l->gateway, id->expires_s);
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

static void
launcher_free(struct launcher *l)
{
    token_check_cancel(l->check);
    free(l->namespace);
    free(l->pod_name);
    free(l->pod_uid);
    free(l->vmi_uid);
    free(l->refusal);
    free(l);
}

/* A standby sends launchers on without knowing them. */
static bool
expects(void *arg)
{
    const struct gateway_sink *sink = ((struct gateway *)arg)->sink;

    return sink->redirect(sink->arg) || sink->knows(sink->arg);
}

static bool
admit(void *arg, struct server_stream *s, const char *bearer, size_t bearer_len, struct server_refusal *ret_refusal)
{
    struct gateway *g = arg;
    struct launcher *l;

    if (!bearer) {
        count(g, &refusals, "reason=\"no-token\"");
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
        launcher_free(l);
        return false;
    }
    return true;
}

static void
opened(void *arg, struct server_stream *s)
{
    struct launcher *l = server_stream_get(s);

    (void)arg;
    l->is_open = true;
    if (!l->check) {
        join_or_close(l);
    }
}

static void
misbehaved(struct launcher *l, const char *label, const char *reason, const struct err *e)
{
    struct gateway *g = l->gateway;

    count(g, &refusals, label);
    log_warn(&g->log, "launcher sent what it must not", F_STR("namespace", l->namespace), F_STR("pod", l->pod_name),
             F_STR("reason", reason), F_STR("error", e ? err_text(e) : NULL));
    leave_and_tell(l);
    server_stream_close(l->stream, SERVER_CLOSE_POLICY, reason);
}

static void
on_state(struct launcher *l, const json_t *j, const char *text, size_t len)
{
    struct gateway *g = l->gateway;
    struct launcher_state state = {0};
    AUTO(err_freep) struct err *e = api_decode(&launcher_state_type, j, g->arena, &state);

    if (e || arena_is_over(g->arena)) {
        misbehaved(l, "reason=\"message\"", "state message is not understood", e);
        return;
    }
    if (!str_eq(state.vmi_uid, l->vmi_uid)) {
        misbehaved(l, "reason=\"vmi\"", "a launcher speaks for its own VirtualMachineInstance only", NULL);
        return;
    }
    count(g, &messages, "direction=\"up\",type=\"state\"");
    g->sink->state(g->sink->arg, l->vmi_uid, l->pod_uid, &state, text, len);
}

static void
message(void *arg, struct server_stream *s, const char *text, size_t len)
{
    struct gateway *g = arg;
    struct launcher *l = server_stream_get(s);
    AUTO(json_freep) json_t *j = NULL;
    const char *type = NULL;
    AUTO(err_freep) struct err *e = NULL;

    if (!l->is_joined) {
        return; /* replaced or sent away; it may not have heard yet */
    }
    e = launcher_msg_parse(text, len, &j, &type);
    if (e) {
        misbehaved(l, "reason=\"message\"", "message is not understood", e);
    } else if (str_eq(type, LAUNCHER_MSG_STATE)) {
        on_state(l, j, text, len);
    } else { /* of a newer launcher */
        count(g, &messages, "direction=\"up\",type=\"unknown\"");
    }
    arena_reset(g->arena);
}

static void
closed(void *arg, struct server_stream *s)
{
    struct launcher *l = server_stream_get(s);

    (void)arg;
    leave_and_tell(l);
    launcher_free(l);
}

struct gateway *
gateway_new(const struct gateway_options *o)
{
    struct gateway *g = XNEW(struct gateway);

    g->log.part = "gateway";
    g->verifier = o->verifier;
    g->sink = o->sink;
    g->metrics = o->metrics;
    g->grace_ms = (o->grace_s > 0 ? o->grace_s : GATEWAY_GRACE_S) * 1000;
    BUG_ON(uv_timer_init(o->loop, &g->sweep) != 0);
    g->sweep.data = g;
    g->arena = arena_new(STATE_ARENA_BYTES);
    g->endpoint = (struct server_endpoint){
        .path = LAUNCHER_MSG_PATH,
        .protocol = LAUNCHER_MSG_PROTOCOL,
        .message_max = LAUNCHER_MSG_MAX,
        .messages_per_s = GATEWAY_MESSAGES_PER_S,
        .ping_s = GATEWAY_PING_S,
        .expects = expects,
        .admit = admit,
        .opened = opened,
        .message = message,
        .closed = closed,
        .arg = g,
    };
    return g;
}

const struct server_endpoint *
gateway_endpoint(const struct gateway *g)
{
    return &g->endpoint;
}

bool
gateway_send(struct gateway *g, const char *pod_uid, const char *text, size_t len)
{
    struct launcher *l = find(g, pod_uid);

    if (!l) {
        return false;
    }
    count(g, &messages, "direction=\"down\",type=\"desired\"");
    server_stream_send(l->stream, text, len);
    return true;
}

bool
gateway_is_connected(const struct gateway *g, const char *pod_uid)
{
    return find(g, pod_uid) != NULL;
}

size_t
gateway_count(const struct gateway *g)
{
    return HASH_COUNT(g->joined);
}

void
gateway_redirect_all(struct gateway *g)
{
    const char *leader = g->sink->redirect(g->sink->arg);
    AUTO(freep) char *address = xstrdup(leader ? leader : "");

    while (g->joined) {
        struct launcher *l = g->joined;

        leave_and_tell(l);
        redirect(l, address);
    }
}

void
gateway_drop(struct gateway *g, const char *pod_uid, const char *why)
{
    struct launcher *l = find(g, pod_uid);

    if (l) {
        leave_and_tell(l);
        server_stream_close(l->stream, SERVER_CLOSE_NORMAL, why);
    }
}

void
gateway_recheck(struct gateway *g, const char *pod_uid)
{
    const struct launcher *l = find(g, pod_uid);
    const char *vmi_uid = NULL;

    if (l && (!g->sink->who(g->sink->arg, l->namespace, l->pod_name, l->pod_uid, &vmi_uid) ||
              !str_eq(vmi_uid, l->vmi_uid))) {
        gateway_drop(g, pod_uid, "the pod runs this VirtualMachineInstance no longer");
    }
}

static void
on_closed(uv_handle_t *h)
{
    struct gateway *g = h->data;

    arena_free(g->arena);
    free(g);
}

void
gateway_close(struct gateway *g)
{
    if (g) {
        BUG_ON(g->joined);
        uv_close((uv_handle_t *)&g->sweep, on_closed);
    }
}
