// Connects launchers with the loop: proves who dials in, checks that it speaks for its own VMI, and keeps one connection per pod.
// Holds no state of a VMI.
#include "serve/gateway/gateway.h"

#include "base/clock.h"
#include "base/random.h"
#include "serve/gateway/line.h"
#include "serve/gateway/proof.h"

enum { STATE_ARENA_BYTES = 512 * 1024 };

static const struct metric requests_total = {
    .name = "vmbridge_launcher_requests_total",
    .help = "Requests to launchers that have ended, by verb and result.",
    .type = METRIC_COUNTER,
};

static void
misbehaved(struct launcher *l, const char *label, const char *reason, const struct err *e)
{
    struct gateway *g = l->gateway;

    gateway_count_one(g, &gateway_metric_refusals, label);
    log_warn(&g->log, "launcher sent what it must not", F_STR("namespace", l->namespace), F_STR("pod", l->pod_name),
             F_STR("reason", reason), F_STR("error", e ? err_text(e) : NULL));
    line_end(l);
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
    gateway_count_one(g, &gateway_metric_messages, "direction=\"up\",type=\"state\"");
    requests_state(g->requests, l->pod_uid, &l->requests);
    g->sink->state(g->sink->arg, l->vmi_uid, l->pod_uid, &state, text, len);
}

static void
on_hello(struct launcher *l, const json_t *j)
{
    struct gateway *g = l->gateway;
    struct launcher_hello hello = {0};
    AUTO(err_freep) struct err *e = api_decode(&launcher_hello_type, j, g->arena, &hello);

    if (e) {
        misbehaved(l, "reason=\"message\"", "hello is not understood", e);
        return;
    }
    gateway_count_one(g, &gateway_metric_messages, "direction=\"up\",type=\"hello\"");
    requests_hello(g->requests, l->pod_uid, &l->requests, &hello, clock_mono_ms());
}

static void
on_answer(struct launcher *l, const json_t *j)
{
    struct gateway *g = l->gateway;
    struct launcher_answer answer = {0};
    AUTO(err_freep) struct err *e = api_decode(&launcher_answer_type, j, g->arena, &answer);

    if (e || arena_is_over(g->arena)) {
        misbehaved(l, "reason=\"message\"", "answer is not understood", e);
        return;
    }
    bool is_awaited = requests_answer(g->requests, l->pod_uid, &answer);
    gateway_count_one(g, &gateway_metric_messages,
                      is_awaited ? "direction=\"up\",type=\"answer\"" : "direction=\"up\",type=\"answer-unasked\"");
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
    } else if (str_eq(type, LAUNCHER_MSG_HELLO)) {
        on_hello(l, j);
    } else if (str_eq(type, LAUNCHER_MSG_ANSWER)) {
        on_answer(l, j);
    } else { /* of a newer launcher */
        gateway_count_one(g, &gateway_metric_messages, "direction=\"up\",type=\"unknown\"");
    }
    arena_reset(g->arena);
}

static void
closed(void *arg, struct server_stream *s)
{
    struct launcher *l = server_stream_get(s);

    (void)arg;
    line_end(l);
    line_free(l);
}

static bool
send_request(struct request_line *line, const char *text, size_t len)
{
    struct launcher *l = CONTAINER_OF(line, struct launcher, requests);

    if (!server_stream_queue(l->stream, text, len)) {
        return false;
    }
    gateway_count_one(l->gateway, &gateway_metric_messages, "direction=\"down\",type=\"request\"");
    server_stream_expect(l->stream);
    return true;
}

static void
count_end(void *arg, const char *verb, enum request_end end)
{
    AUTO(freep) char *labels = xasprintf("verb=\"%s\",result=\"%s\"", verb, request_end_name(end));

    gateway_count_one(arg, &requests_total, labels);
}

static void on_due(uv_timer_t *t);

static void
set_due(struct gateway *g)
{
    int64_t due_ms = requests_due_ms(g->requests);
    int64_t left_ms = due_ms - clock_mono_ms();

    if (due_ms >= 0) {
        uv_timer_start(&g->due, on_due, left_ms > 0 ? (uint64_t)left_ms : 0, 0);
    }
}

static void
on_due(uv_timer_t *t)
{
    struct gateway *g = t->data;

    requests_expire(g->requests, clock_mono_ms());
    set_due(g);
}

struct request *
gateway_request(struct gateway *g, const char *pod_uid, const struct request_question *q)
{
    struct launcher *l = line_find(g, pod_uid);
    struct request *r = requests_ask(g->requests, pod_uid, l ? &l->requests : NULL, q, clock_mono_ms());

    if (r) {
        set_due(g);
    }
    return r;
}

void
gateway_request_cancel(struct gateway *g, struct request *r)
{
    requests_cancel(g->requests, r);
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
    BUG_ON(uv_timer_init(o->loop, &g->due) != 0);
    g->sweep.data = g->due.data = g;
    g->n_handles = 2;
    const struct requests_owner owner = {send_request, count_end, g};
    g->requests = requests_new(&owner, 1 + (((int64_t)random_u32() << 20) ^ random_u32()));
    g->arena = arena_new(STATE_ARENA_BYTES);
    g->endpoint = (struct server_endpoint){
        .path = LAUNCHER_MSG_PATH,
        .protocol = LAUNCHER_MSG_PROTOCOL,
        .message_max = LAUNCHER_MSG_MAX,
        .messages_per_s = GATEWAY_MESSAGES_PER_S,
        .ping_s = GATEWAY_PING_S,
        .expects = proof_expects,
        .admit = proof_admit,
        .opened = proof_opened,
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
    struct launcher *l = line_find(g, pod_uid);

    if (!l) {
        return false;
    }
    gateway_count_one(g, &gateway_metric_messages, "direction=\"down\",type=\"desired\"");
    server_stream_send(l->stream, text, len);
    return true;
}

bool
gateway_is_connected(const struct gateway *g, const char *pod_uid)
{
    return line_find(g, pod_uid) != NULL;
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

        line_end(l);
        line_redirect(l, address);
    }
    requests_end(g->requests, NULL, REQUEST_AWAY);
}

void
gateway_drop(struct gateway *g, const char *pod_uid, const char *why)
{
    struct launcher *l = line_find(g, pod_uid);

    if (l) {
        line_end(l);
        server_stream_close(l->stream, SERVER_CLOSE_NORMAL, why);
    }
    requests_end(g->requests, pod_uid, REQUEST_AWAY);
}

void
gateway_recheck(struct gateway *g, const char *pod_uid)
{
    const struct launcher *l = line_find(g, pod_uid);
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

    if (--g->n_handles == 0) {
        arena_free(g->arena);
        free(g);
    }
}

void
gateway_close(struct gateway *g)
{
    if (g) {
        BUG_ON(g->joined);
        requests_end(g->requests, NULL, REQUEST_AWAY);
        requests_free(STEAL(g->requests));
        uv_close((uv_handle_t *)&g->sweep, on_closed);
        uv_close((uv_handle_t *)&g->due, on_closed);
    }
}
