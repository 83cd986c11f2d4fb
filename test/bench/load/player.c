// What a connection does is in the callback; everything else is when to dial, and whom.
#include "player.h"

#include <arpa/inet.h>

#include "api/kinds/launcher_msg.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/random.h"
#include "report/gateway_tls.h"

enum {
    REDIAL_MS = 100, /* this and the next three as virt-launcher */
    REDIAL_MAX_MS = 10000,
    CONNECT_S = 10,
    HANDSHAKE_S = 30,
    BUFFER_BYTES = 1024,
    SERVICE_BYTES = 4096,
    HEADERS_AT_ONCE = 32768, /* all who dial: libwebsockets forgets some of those that wait for a place */
    GUEST_BYTES = 64 << 20,
};

/* No pings of ours: the gateway has its own, and libwebsockets keeps such timers in a sorted list. */
static const lws_retry_bo_t no_pings = {.secs_since_valid_ping = 0, .secs_since_valid_hangup = 0};

static int on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);
static void on_redial(uv_timer_t *timer);

struct err *
stage_init(struct stage *s, uv_loop_t *loop)
{
    void *loops[] = {loop};
    struct err *e = gateway_tls_new(&s->tls);

    if (e) {
        return e;
    }
    s->loop = loop;
    s->started_s = clock_wall_s();
    s->log = (struct log){.part = "launchers"};
    s->protocols[0] =
        (struct lws_protocols){.name = LAUNCHER_MSG_PROTOCOL, .callback = on_lws, .rx_buffer_size = BUFFER_BYTES};
    const struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = s->protocols,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
                   LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS | LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME,
        .foreign_loops = loops,
        .pcontext = &s->lws,
        .gid = -1,
        .uid = -1,
        .provided_client_ssl_ctx = s->tls,
        .max_http_header_pool2 = HEADERS_AT_ONCE,
        .pt_serv_buf_size = SERVICE_BYTES,
        .timeout_secs = HANDSHAKE_S,
        .connect_timeout_secs = CONNECT_S,
    };

    lws_set_log_level(0, NULL);
    s->lws = lws_create_context(&info);
    return s->lws ? NULL : err_new(ERR_FATAL, "libwebsockets cannot be set up: is libwebsockets-evlib-uv installed?");
}

struct err *
player_parse_address(const char *text, char ret_host[PLAYER_HOST_SIZE], int *ret_port)
{
    const char *colon = text ? strrchr(text, ':') : NULL;
    bool is_v6 = colon && text[0] == '[' && colon > text + 1 && colon[-1] == ']';
    size_t len = colon ? (size_t)(colon - text) - (is_v6 ? 2 : 0) : 0;
    char *end = NULL;
    long port = colon ? strtol(colon + 1, &end, 10) : 0;

    if (len == 0 || len >= PLAYER_HOST_SIZE || *end != '\0' || port < 1 || port > UINT16_MAX) {
        return err_new(ERR_INVALID, "'%s' is no address with a port, like 127.0.0.1:8443", text ? text : "");
    }
    memcpy(ret_host, text + is_v6, len);
    ret_host[len] = '\0';
    *ret_port = (int)port;
    return NULL;
}

struct player *
player_new(struct stage *s, const struct thing *pod)
{
    struct player *p = XNEW(struct player);
    const char *namespace = strchr(pod->key, '/') + 1;
    const char *name = strchr(namespace, '/') + 1;

    p->stage = s;
    memcpy(p->uid, pod->uid, sizeof(p->uid));
    memcpy(p->vmi_uid, pod->vmi_uid, sizeof(p->vmi_uid));
    p->namespace = xstrndup(namespace, (size_t)(name - namespace) - 1);
    p->pod = xstrdup(name);
    p->account = xstrdup(str_empty(pod->account) ? "default" : pod->account);
    p->ip = xstrdup(str_empty(pod->ip) ? "10.0.2.2" : pod->ip);
    p->backoff = (struct backoff){.base_ms = REDIAL_MS, .max_ms = REDIAL_MAX_MS};
    p->in = STRBUF_INIT(LAUNCHER_MSG_MAX);
    p->figure = GUEST_BYTES;
    BUG_ON(uv_timer_init(s->loop, &p->timer) != 0);
    p->timer.data = p;
    s->n_open++;
    HASH_ADD_KEYPTR(hh, s->players, p->uid, strlen(p->uid), p);
    return p;
}

static void
stage_changed(struct stage *s)
{
    if (s->changed) {
        s->changed(s->arg);
    }
}

/* Leaving */

static void
on_closed(uv_handle_t *handle)
{
    struct player *p = handle->data;
    struct stage *s = p->stage;

    free(p->namespace);
    free(p->pod);
    free(p->account);
    free(p->ip);
    free(p->token);
    free(p->redirect);
    strbuf_fini(&p->in);
    free(p);
    s->n_open--;
    stage_changed(s);
}

/* Nothing of libwebsockets knows it any more. */
static void
player_free(struct player *p)
{
    struct stage *s = p->stage;

    if (p->is_held || uv_is_closing((uv_handle_t *)&p->timer)) {
        return;
    }
    if (s->cursor == p) {
        s->cursor = p->hh.next;
    }
    HASH_DEL(s->players, p);
    uv_close((uv_handle_t *)&p->timer, on_closed);
}

void
player_leave(struct player *p)
{
    if (p->is_leaving) {
        return;
    }
    p->is_leaving = true;
    if (p->state == PLAYER_UP) {
        lws_callback_on_writable(p->wsi); /* which refuses: the connection closes */
    } else if (p->state == PLAYER_IDLE) {
        player_free(p);
    }
}

void
player_release(struct player *p)
{
    p->is_held = false;
    if (p->is_leaving && p->state == PLAYER_IDLE) {
        player_free(p);
    }
}

/* Dialling */

static void
first_is_over(struct player *p)
{
    p->stage->n_first -= p->is_first;
    p->is_first = false;
}

/* The connection has ended, or never was. */
static void
player_cut(struct player *p)
{
    struct stage *s = p->stage;

    s->n_refused += !p->is_taken && !p->is_sent_on;
    s->n_connected -= p->is_taken;
    p->wsi = NULL;
    p->state = PLAYER_IDLE;
    p->is_taken = p->is_told = p->is_sent_on = false;
    strbuf_fini(&p->in);
    p->in = STRBUF_INIT(LAUNCHER_MSG_MAX);
    first_is_over(p);
    if (p->is_leaving) {
        player_free(p);
    } else {
        BUG_ON(uv_timer_start(&p->timer, on_redial, (uint64_t)backoff_next_ms(&p->backoff, random_u32()), 0) != 0);
    }
    stage_changed(s);
}

static void
on_redial(uv_timer_t *timer)
{
    player_dial(timer->data);
}

void
player_dial(struct player *p)
{
    struct stage *s = p->stage;
    char host[PLAYER_HOST_SIZE];
    int port = s->port;

    memcpy(host, s->host, sizeof(host));
    if (p->redirect) {                                            /* one try */
        err_free(player_parse_address(p->redirect, host, &port)); /* a leader that cannot be dialled: the Service again */
        free(STEAL(p->redirect));
    }
    p->state = PLAYER_DIALLING;
    s->n_dials++;
    const struct lws_client_connect_info info = {
        .context = s->lws,
        .address = host,
        .port = port,
        .ssl_connection = LCCSCF_USE_SSL,
        .path = LAUNCHER_MSG_PATH,
        .host = s->name, /* also what the certificate must say */
        .origin = s->name,
        .protocol = LAUNCHER_MSG_PROTOCOL,
        .local_protocol_name = LAUNCHER_MSG_PROTOCOL,
        .userdata = p,
        .pwsi = &p->wsi,
        .retry_and_idle_policy = &no_pings,
    };
    (void)lws_client_connect_via_info(&info); /* a failure comes by the callback, or is seen by the state */
    if (!p->wsi && p->state == PLAYER_DIALLING) {
        player_cut(p);
    }
}

/* Speaking */

static int
add_token(const struct player *p, struct lws *wsi, void *in, size_t len)
{
    unsigned char **at = in;
    AUTO(freep) char *value = xasprintf("Bearer %s", p->token);

    int rc = lws_add_http_header_by_token(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, (unsigned char *)value, (int)strlen(value),
                                          at, *at + len);
    return rc ? -1 : 0;
}

/* All that a launcher tells of a small guest with one disk and one card. */
static char *
state_text(struct player *p)
{
    struct disk_state disk = {.volume = "root", .target = "vda", .size = {.set = true, .v = 1 << 30}};
    struct nic_state nic = {.network = "default", .mac = "02:00:00:00:00:01", .ip = p->ip};
    struct port ports[] = {{.port = 22, .protocol = PROTOCOL_TCP}};
    const struct launcher_state s = {
        .version = LAUNCHER_MSG_VERSION,
        .vmi_uid = p->vmi_uid,
        .seq = ++p->seq,
        .state = DOMAIN_RUNNING,
        .since_s = {.set = true, .v = p->stage->started_s},
        .started_s = {.set = true, .v = p->stage->started_s},
        .memory_bytes = {.set = true, .v = p->figure},
        .machine_type = "pc-q35-10.0",
        .agent = {.connected = p->has_agent ? TRI_TRUE : TRI_UNSET,
                  .hostname = p->has_agent ? p->pod : NULL,
                  .users = {.set = p->has_agent, .v = p->figure % 1000}},
        .disks = {&disk, 1},
        .nics = {&nic, 1},
        .open_ports = {ports, 1},
    };

    return launcher_msg_write(LAUNCHER_MSG_STATE, &launcher_state_type, &s);
}

static int
write_state(struct player *p, struct lws *wsi)
{
    if (p->is_leaving) {
        return -1;
    }
    if (p->is_told) {
        return 0;
    }
    static const char room[LWS_PRE];
    AUTO(freep) char *text = state_text(p);
    AUTO(strbuf_fini) struct strbuf frame = STRBUF_INIT(LWS_PRE + LAUNCHER_MSG_MAX);
    if (!strbuf_add(&frame, room, sizeof(room)) || !strbuf_adds(&frame, text)) {
        return -1;
    }
    size_t len = frame.len - LWS_PRE;
    if (lws_write(wsi, (unsigned char *)frame.buf + LWS_PRE, len, LWS_WRITE_TEXT) < (int)len) {
        return -1;
    }
    p->is_told = true;
    p->stage->n_sent++;
    return 0;
}

void
player_report(struct player *p, bool has_agent)
{
    p->figure++;
    p->has_agent = has_agent;
    p->is_told = false;
    if (p->state == PLAYER_UP) {
        lws_callback_on_writable(p->wsi);
    }
}

static int
take_redirect(struct player *p, const json_t *j)
{
    const char *address = json_str(j, "address");

    free(STEAL(p->redirect));
    if (!str_empty(address)) {
        p->redirect = xstrdup(address);
    }
    p->is_sent_on = true;
    p->stage->n_redirected++;
    return -1;
}

static void
take_desired(struct player *p)
{
    backoff_reset(&p->backoff);
    if (!p->is_taken) {
        p->is_taken = true;
        p->stage->n_connected++;
        first_is_over(p);
        stage_changed(p->stage);
    }
}

/* One whole message; -1 closes. */
static int
take_message(struct player *p)
{
    AUTO(json_freep) json_t *j = NULL;
    const char *type = NULL;
    AUTO(err_freep) struct err *e = launcher_msg_parse(strbuf_str(&p->in), p->in.len, &j, &type);

    strbuf_fini(&p->in); /* ten thousand idle buffers are what a real launcher has one of */
    p->in = STRBUF_INIT(LAUNCHER_MSG_MAX);
    if (e) {
        log_warn(&p->stage->log, "a message of the gateway is not understood", F_ERR(e));
        return 0;
    }
    if (str_eq(type, LAUNCHER_MSG_REDIRECT)) {
        return take_redirect(p, j);
    }
    if (str_eq(type, LAUNCHER_MSG_DESIRED)) {
        take_desired(p);
    }
    return 0;
}

static int
take_bytes(struct player *p, struct lws *wsi, const void *in, size_t len)
{
    if (!strbuf_add(&p->in, in, len)) {
        return -1;
    }
    bool is_last = lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0;
    return is_last ? take_message(p) : 0;
}

static void
on_up(struct player *p, struct lws *wsi)
{
    p->wsi = wsi;
    p->state = PLAYER_UP;
    p->is_told = false;
    lws_callback_on_writable(wsi); /* to speak, or to leave if that was asked meanwhile */
}

static int
on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct player *p = user;

    /* The library has some ninety reasons; these are ours. */
    if (reason == LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER) {
        return add_token(p, wsi, in, len);
    }
    if (reason == LWS_CALLBACK_CLIENT_ESTABLISHED) {
        on_up(p, wsi);
    } else if (reason == LWS_CALLBACK_CLIENT_WRITEABLE) {
        return write_state(p, wsi);
    } else if (reason == LWS_CALLBACK_CLIENT_RECEIVE) {
        return take_bytes(p, wsi, in, len);
    } else if (reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR) {
        log_debug(&p->stage->log, "dial failed", F_STR("pod", p->pod), F_STR("error", in ? in : "no answer"));
        player_cut(p);
    } else if (reason == LWS_CALLBACK_CLIENT_CLOSED) {
        player_cut(p);
    }
    return 0;
}
