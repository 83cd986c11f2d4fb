// The gateway's own half of a line: connections come, are proven or not, say anything, are dropped and go, in an order that the input
// says; server and verifier are played. What is handed on is text that may be shown, of the instance that the pod runs.
#include "fuzz.h"

#include "base/utf8.h"
#include "serve/gateway/gateway.h"

enum { STREAMS = 4, MESSAGE_BYTES = 256, ASKED = 16 };

struct server_stream {
    void *user;
    bool is_used;
    bool is_open;
    bool is_closing;
};

struct token_check {
    struct token_question q;
    bool is_used;
};

/* What the input is read with, and the world that the gateway lives in. */
struct play {
    const uint8_t *data;
    size_t left;
    struct gateway *gateway;
    struct server_stream streams[STREAMS];
    struct token_check checks[STREAMS];
    unsigned n_connected;
    struct request *asked[ASKED];
    int64_t number;   /* of the last request that was sent */
    unsigned n_asked; /* that were not answered, nor cancelled */
    bool is_standby;
    bool is_known;
};

static struct play *now; // NOLINT: the played verifier has no other way to it

/* --- The server, played --- */

void
server_stream_set(struct server_stream *c, void *user)
{
    c->user = user;
}

void *
server_stream_get(const struct server_stream *c)
{
    return c->user;
}

const char *
server_stream_peer(const struct server_stream *c)
{
    (void)c; /* all come from there */
    return "10.0.0.1";
}

void
server_stream_send(struct server_stream *c, const char *text, size_t len)
{
    BUG_ON(!c->is_used || strlen(text) != len);
}

static uint8_t take(struct play *p);

bool
server_stream_queue(struct server_stream *c, const char *text, size_t len)
{
    json_t *j = NULL;
    const char *type = NULL;
    AUTO(err_freep) struct err *e = launcher_msg_parse(text, len, &j, &type);

    BUG_ON(!c->is_used || e || !str_eq(type, LAUNCHER_MSG_REQUEST) || len > LAUNCHER_REQUEST_MAX);
    now->number = json_int(j, "number", 0);
    json_decref(j);
    return take(now) % 8 != 0 && !c->is_closing;
}

void
server_stream_expect(struct server_stream *c)
{
    BUG_ON(!c->is_used);
}

void
server_stream_trust(struct server_stream *c)
{
    BUG_ON(!c->is_open);
}

void
server_stream_proven(const struct server_stream *c)
{
    BUG_ON(!c->is_used);
}

void
server_stream_close(struct server_stream *c, enum server_close code, const char *reason)
{
    BUG_ON(!c->is_used || str_empty(reason) || code < SERVER_CLOSE_NORMAL);
    c->is_closing = true;
}

/* --- The verifier, played: good, refused, unknown, later --- */

static uint8_t
take(struct play *p)
{
    if (p->left == 0) {
        return 0;
    }
    p->left--;
    return *p->data++;
}

/* The one pod that there is: proven, or only said. */
static void
name(const struct token_question *q, bool is_proven)
{
    char namespace[] = "ns", pod[] = "p", uid[] = "u", account[] = "default";
    const struct token_identity id = {namespace, pod, uid, account, .expires_s = 1};

    if (is_proven) {
        q->done(q->arg, &id, NULL);
    } else {
        (void)q->is_worth(q->arg, &id);
    }
}

static void
settle(const struct token_question *q, uint8_t how)
{
    static const enum err_class classes[] = {ERR_INVALID, ERR_NOT_FOUND, ERR_RETRY};

    if (how % 4 == 0) {
        name(q, true);
    } else {
        AUTO(err_freep) struct err *e = err_new(classes[how % 4 - 1], "no");
        q->done(q->arg, NULL, e);
    }
}

struct token_check *
token_check(struct token_verifier *v, const struct token_question *q)
{
    uint8_t how = take(now);

    (void)v; /* it is played */
    name(q, false);
    for (size_t i = 0; (how & 0x80) && i < STREAMS; i++) {
        struct token_check *c = &now->checks[i];
        if (!c->is_used) {
            *c = (struct token_check){.q = *q, .is_used = true};
            return c;
        }
    }
    settle(q, how);
    return NULL;
}

void
token_check_cancel(struct token_check *c)
{
    if (c) {
        c->is_used = false;
    }
}

/* --- The sink --- */

static bool
who(void *arg, const char *namespace, const char *pod_name, const char *pod_uid, const char **ret_vmi_uid)
{
    const struct play *p = arg;

    BUG_ON(!str_eq(namespace, "ns") || !str_eq(pod_name, "p") || !str_eq(pod_uid, "u"));
    *ret_vmi_uid = "vmi";
    return p->is_known;
}

static bool
knows(void *arg)
{
    return ((struct play *)arg)->is_known;
}

static void
shown(const char *s)
{
    BUG_ON(s && !utf8_is_clean(s));
}

static void
state(void *arg, const char *vmi_uid, const char *pod_uid, const struct launcher_state *st, const char *text, size_t len)
{
    const struct play *p = arg;

    BUG_ON(p->n_connected != 1 || !str_eq(vmi_uid, "vmi") || !str_eq(pod_uid, "u") || !str_eq(st->vmi_uid, "vmi"));
    BUG_ON(strlen(text) > len);
    shown(st->reason);
    shown(st->message);
    shown(st->machine_type);
    shown(st->agent.hostname);
    for (size_t i = 0; i < st->agent.interfaces.n; i++) {
        shown(st->agent.interfaces.items[i].name);
    }
    for (size_t i = 0; i < st->nics.n; i++) {
        shown(st->nics.items[i].ip);
    }
}

static void
connected(void *arg, const char *vmi_uid, const char *pod_uid)
{
    struct play *p = arg;

    BUG_ON(!str_eq(vmi_uid, "vmi") || !str_eq(pod_uid, "u"));
    p->n_connected = 1;
}

static void
disconnected(void *arg, const char *vmi_uid, const char *pod_uid)
{
    struct play *p = arg;

    BUG_ON(p->n_connected != 1 || !str_eq(vmi_uid, "vmi") || !str_eq(pod_uid, "u"));
    p->n_connected = 0;
}

static const char *
redirect(void *arg)
{
    return ((struct play *)arg)->is_standby ? "10.0.0.2:8444" : NULL;
}

/* --- What is asked of launchers --- */

static void
on_request_end(void *arg, enum request_end end, const struct launcher_answer *answer)
{
    struct request **place = arg;

    BUG_ON(now->n_asked == 0 || (end == REQUEST_OK && !answer) || (end > REQUEST_FAILED && answer));
    now->n_asked--;
    *place = NULL;
    if (answer) {
        shown(answer->message);
        shown(answer->code);
        shown(answer->agent ? answer->agent->hostname : NULL);
        shown(answer->agent ? answer->agent->os.pretty_name : NULL);
    }
}

/* Asks, or takes back what was asked. */
static void
ask(struct play *p)
{
    uint8_t how = take(p);
    struct request **place = &p->asked[how % ASKED];
    struct str_pair argument = {.key = "k", .value = "v"};
    struct str_map arguments = {.items = &argument, .n = how >> 4 & 1};
    const struct request_question q = {.verb = LAUNCHER_VERB_GUESTOSINFO,
                                       .arguments = &arguments,
                                       .within_ms = how >> 5,
                                       .done = on_request_end,
                                       .arg = place};

    if (*place) {
        p->n_asked--;
        gateway_request_cancel(p->gateway, STEAL(*place));
        return;
    }
    p->n_asked++;
    struct request *r = gateway_request(p->gateway, "u", &q);
    if (r) {
        *place = r;
    }
    BUG_ON(p->n_asked > LAUNCHER_REQUESTS_MAX);
}

/* --- What happens --- */

static void
go(struct play *p, struct server_stream *s)
{
    if (s->is_used) {
        gateway_endpoint(p->gateway)->closed(gateway_endpoint(p->gateway)->arg, s);
        *s = (struct server_stream){.user = NULL};
    }
}

static void
come(struct play *p, struct server_stream *s)
{
    const struct server_endpoint *e = gateway_endpoint(p->gateway);
    struct server_refusal refusal = {0};

    go(p, s);
    *s = (struct server_stream){.is_used = true};
    if (!e->admit(e->arg, s, "token", strlen("token"), &refusal)) {
        BUG_ON(refusal.status < 400 || str_empty(refusal.message));
        *s = (struct server_stream){.user = NULL};
        return;
    }
    s->is_open = true;
    e->opened(e->arg, s);
}

/* 'is_answer': the text goes on from the begin of an answer to the last request. */
static void
speak(struct play *p, struct server_stream *s, bool is_answer)
{
    const struct server_endpoint *e = gateway_endpoint(p->gateway);
    size_t len = (size_t)take(p) * MESSAGE_BYTES + take(p);

    len = len < p->left ? len : p->left;
    const uint8_t *said = p->data;
    p->data += len; /* before it is heard: what is sent meanwhile takes from the input as well */
    p->left -= len;
    if (s->is_open && !s->is_closing) {
        AUTO(freep)
        char *answer = xasprintf("{\"type\":\"answer\",\"version\":1,\"number\":%lld,", (long long)p->number);
        AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(UINT16_MAX + 128);
        (void)(strbuf_adds(&text, is_answer ? answer : "") && strbuf_add(&text, said, len)); /* it fits */
        e->message(e->arg, s, strbuf_str(&text), text.len);
    }
}

static void
step(struct play *p)
{
    uint8_t op = take(p);
    struct server_stream *s = &p->streams[op >> 4 & (STREAMS - 1)];
    struct token_check *c = &p->checks[op >> 4 & (STREAMS - 1)];

    switch (op & 7) {
    case 0:
        come(p, s);
        break;
    case 1:
    case 2:
        speak(p, s, op & 8);
        break;
    case 3:
        go(p, s);
        break;
    case 4: /* the verdict is there */
        if (c->is_used) {
            c->is_used = false;
            settle(&c->q, take(p));
        }
        break;
    case 5:
        p->is_known = !p->is_known;
        gateway_recheck(p->gateway, "u");
        break;
    case 6:
        p->is_standby = !p->is_standby;
        if (p->is_standby) {
            gateway_redirect_all(p->gateway);
        }
        break;
    default:
        if (op & 8) {
            ask(p);
        } else {
            gateway_drop(p->gateway, "u", "gone");
        }
    }
    BUG_ON(gateway_count(p->gateway) != p->n_connected);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct play p = {.data = data, .left = size, .is_known = true};
    const struct gateway_sink sink = {who, knows, state, connected, disconnected, redirect, &p};
    uv_loop_t loop;

    BUG_ON(uv_loop_init(&loop) != 0);
    const struct gateway_options options = {.loop = &loop, .sink = &sink};
    now = &p;
    log_set_level(LOG_ERROR);
    p.gateway = gateway_new(&options);
    while (p.left > 0) {
        step(&p);
    }
    for (size_t i = 0; i < STREAMS; i++) {
        go(&p, &p.streams[i]);
    }
    BUG_ON(p.n_connected != 0);
    gateway_close(p.gateway);
    BUG_ON(p.n_asked != 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    BUG_ON(uv_loop_close(&loop) != 0);
    return 0;
}
