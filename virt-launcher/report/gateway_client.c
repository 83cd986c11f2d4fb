// libwebsockets on the loop, with a TLS context of our own: it trusts the CAs whose digests the pod has and nothing else. What a connection
// does is in the callback; everything else is when to dial, and whom.
#include "report/gateway_client.h"

#include <arpa/inet.h>
#include <libwebsockets.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "domain/host_port.h"
#include "report/gateway_tls.h"
#include "report/words.h"

enum {
    REDIAL_MS = 100,
    REDIAL_MAX_MS = 10000,
    CONNECT_S = 10,
    HANDSHAKE_S = 30, /* ten thousand that come back at once wait in the gateway's queue, connected already */
    DIAL_MAX_MS = 60000,
    HEADERS_MAX = 8,  /* tries that were given up may hold theirs for a while */
    KEEPALIVE_S = 60, /* the kernel asks, no process wakes */
    KEEPALIVE_EVERY_S = 10,
    KEEPALIVE_TRIES = 3,
    BUFFER_BYTES = 4096,
    TOKEN_MAX = 8192,
    DESIRED_ARENA_BYTES = 1024 * 1024,
};

struct gateway_client {
    uv_loop_t *loop;
    struct gateway_client_options o;
    struct lws_context *lws;
    SSL_CTX *tls;
    struct gateway_pins pins; /* as they were at the last dial */
    char *name;               /* in the certificate, wherever we are sent */
    struct lws *wsi;          /* NULL: not connected */
    bool is_dialling;
    bool is_up;
    uv_timer_t timer;
    uv_getaddrinfo_t lookup;
    struct backoff backoff;
    char *redirect; /* the leader's address; NULL: the Service */
    char *dialled;  /* host:port of this try */
    char *port;
    struct strbuf in;
    struct strbuf token;
    char *text;
    bool is_told;
    struct words words; /* said once, before the text: the first of a connection, and answers */
    struct lws_protocols protocols[2];
};

static void client_dial_later(struct gateway_client *c);
static void on_dial(uv_timer_t *t);
static void on_dial_over(uv_timer_t *t);
static void on_address(uv_getaddrinfo_t *lookup, int status, struct addrinfo *res);
static int on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);

static struct err *
make_lws(struct gateway_client *c)
{
    void *loops[] = {c->loop};

    c->protocols[0] =
        (struct lws_protocols){.name = LAUNCHER_MSG_PROTOCOL, .callback = on_lws, .rx_buffer_size = BUFFER_BYTES};
    const struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = c->protocols,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
                   LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS | LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME,
        .foreign_loops = loops,
        .user = c,
        .gid = -1,
        .uid = -1,
        .provided_client_ssl_ctx = c->tls,
        .max_http_header_pool2 = HEADERS_MAX,
        .pt_serv_buf_size = BUFFER_BYTES,
        .fd_limit_per_thread = 16,
        .timeout_secs = HANDSHAKE_S,
        .connect_timeout_secs = CONNECT_S,
        .ka_time = KEEPALIVE_S,
        .ka_interval = KEEPALIVE_EVERY_S,
        .ka_probes = KEEPALIVE_TRIES,
    };

    lws_set_log_level(0, NULL); /* its lines would end among the guest's */
    c->lws = lws_create_context(&info);
    return c->lws ? NULL : err_new(ERR_FATAL, "libwebsockets cannot be set up: is libwebsockets-evlib-uv installed?");
}

struct err *
gateway_client_new(uv_loop_t *loop, const struct gateway_client_options *o, struct gateway_client **ret_client)
{
    struct gateway_client *c = XNEW(struct gateway_client);

    c->loop = loop;
    c->o = *o;
    c->o.dial_max_ms = o->dial_max_ms > 0 ? o->dial_max_ms : DIAL_MAX_MS;
    c->name = str_empty(o->name) ? host_port_split(o->address, NULL) : xstrdup(o->name); /* NULL: it is never dialled */
    c->backoff = (struct backoff){.base_ms = REDIAL_MS, .max_ms = REDIAL_MAX_MS};
    c->in = STRBUF_INIT(LAUNCHER_MSG_MAX);
    c->token = STRBUF_INIT(TOKEN_MAX);
    c->is_told = true;
    BUG_ON(uv_timer_init(loop, &c->timer) != 0);
    c->timer.data = c->lookup.data = c;
    struct err *e = gateway_tls_new(&c->tls);
    if (!e) {
        gateway_tls_pin(c->tls, &c->pins);
        e = make_lws(c);
    }
    if (e) {
        return e; /* the process ends over it */
    }
    uv_timer_start(&c->timer, on_dial, 0, 0);
    *ret_client = c;
    return NULL;
}

void
gateway_client_tell(struct gateway_client *c, const char *text)
{
    free(c->text);
    c->text = xstrdup(text);
    c->is_told = false;
    if (c->is_up) {
        lws_callback_on_writable(c->wsi);
    }
}

bool
gateway_client_is_told(const struct gateway_client *c)
{
    return c->is_told;
}

/* Dialling */

static void
client_dial_later(struct gateway_client *c)
{
    int64_t wait_ms = backoff_next_ms(&c->backoff, (uint32_t)(uv_hrtime() >> 4));

    c->wsi = NULL;
    c->is_up = c->is_dialling = false;
    strbuf_reset(&c->in);
    words_drop(&c->words);
    if (c->text) {
        c->is_told = false; /* whoever answers next has not heard it */
    }
    uv_timer_start(&c->timer, on_dial, (uint64_t)wait_ms, 0);
}

static void
complain(struct gateway_client *c, const char *what)
{
    /* Once in a while: the gateway may be away for long. */
    if (c->backoff.attempts <= 1 || c->backoff.attempts % 32 == 0) {
        log_warn(c->o.log, "the gateway is not reached; the guest runs on", F_STR("address", c->dialled),
                 F_STR("error", what));
    }
}

/* The name is looked up off the loop. */
static void
on_dial(uv_timer_t *t)
{
    struct gateway_client *c = t->data;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};

    free(c->dialled);
    c->dialled = xstrdup(c->redirect ? c->redirect : c->o.address);
    free(STEAL(c->redirect)); /* one try */
    const char *port = NULL;
    AUTO(freep) char *host = host_port_split(c->dialled, &port);
    if (!host) {
        complain(c, "the address is not host:port");
        client_dial_later(c);
        return;
    }
    free(c->port);
    c->port = xstrdup(port);
    c->is_dialling = true;
    if (uv_getaddrinfo(c->loop, &c->lookup, on_address, host, c->port, &hints) != 0) {
        client_dial_later(c);
    }
}

static struct err *
client_connect(struct gateway_client *c, const char *ip)
{
    struct err *e = gateway_pins_read(c->o.pins_path, &c->pins);

    if (!e) {
        e = gateway_token_read(c->o.token_path, &c->token);
    }
    if (e) {
        return e;
    }
    const struct lws_client_connect_info info = {
        .context = c->lws,
        .address = ip,
        .port = (int)strtol(c->port, NULL, 10),
        .ssl_connection = LCCSCF_USE_SSL,
        .path = LAUNCHER_MSG_PATH,
        .host = c->name, /* also what the certificate must say */
        .origin = c->name,
        .protocol = LAUNCHER_MSG_PROTOCOL,
        .local_protocol_name = LAUNCHER_MSG_PROTOCOL,
        .userdata = c,
        .pwsi = &c->wsi,
    };
    (void)lws_client_connect_via_info(&info); /* a failure comes by the callback, or is seen by is_dialling */
    return NULL;
}

static void
on_address(uv_getaddrinfo_t *lookup, int status, struct addrinfo *res)
{
    struct gateway_client *c = lookup->data;
    char ip[INET6_ADDRSTRLEN] = "";

    if (status != 0 || !res || getnameinfo(res->ai_addr, res->ai_addrlen, ip, sizeof(ip), NULL, 0, NI_NUMERICHOST) != 0) {
        complain(c, status != 0 ? uv_strerror(status) : "no address");
        uv_freeaddrinfo(res);
        client_dial_later(c);
        return;
    }
    uv_freeaddrinfo(res);
    AUTO(err_freep) struct err *e = client_connect(c, ip);
    if (e) {
        complain(c, err_text(e));
        client_dial_later(c);
    } else if (!c->wsi && c->is_dialling) {
        complain(c, "cannot connect");
        client_dial_later(c);
    } else if (c->is_dialling) {
        uv_timer_start(&c->timer, on_dial_over, (uint64_t)c->o.dial_max_ms, 0);
    }
}

/* A launcher that waits for a word that never comes would be lost for ever, so libwebsockets' timeouts are not all that it trusts. */
static void
on_dial_over(uv_timer_t *t)
{
    struct gateway_client *c = t->data;

    complain(c, "nothing is heard of the connection");
    client_dial_later(c);
}

/* Speaking */

static int
add_token(struct gateway_client *c, struct lws *wsi, void *in, size_t len)
{
    unsigned char **p = in;
    AUTO(freep) char *value = xasprintf("Bearer %s", strbuf_str(&c->token));

    int rc = lws_add_http_header_by_token(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, (unsigned char *)value, (int)strlen(value),
                                          p, *p + len);
    explicit_bzero(value, strlen(value));
    return rc ? -1 : 0;
}

static int
write_text(struct lws *wsi, const char *text, size_t len)
{
    AUTO(freep) unsigned char *buf = xcalloc(1, LWS_PRE + len);

    memcpy(buf + LWS_PRE, text, len);
    return lws_write(wsi, buf + LWS_PRE, len, LWS_WRITE_TEXT) < (int)len ? -1 : 0;
}

static int
write_next(struct gateway_client *c, struct lws *wsi)
{
    AUTO(freep) char *word = words_take(&c->words);

    if (word) {
        lws_callback_on_writable(wsi); /* for the next one */
        return write_text(wsi, word, strlen(word));
    }
    if (c->is_told || str_empty(c->text)) {
        return 0;
    }
    c->is_told = true; /* if it fails the connection is over, and the next one hears it again */
    return write_text(wsi, c->text, strlen(c->text));
}

static struct err *
take_desired(struct gateway_client *c, const json_t *j)
{
    struct arena *a = arena_new(DESIRED_ARENA_BYTES);
    struct launcher_desired d = {0};
    struct err *e = api_decode(&launcher_desired_type, j, a, &d);

    if (!e) {
        backoff_reset(&c->backoff);
        c->o.desired(c->o.arg, &d);
    }
    arena_free(a);
    return e;
}

static struct err *
take_redirect(struct gateway_client *c, const json_t *j)
{
    const char *address = json_str(j, "address");

    free(STEAL(c->redirect));
    if (!str_empty(address)) {
        c->redirect = xstrdup(address);
    }
    log_debug(c->o.log, "the gateway sends us elsewhere", F_STR("address", address));
    return NULL;
}

void
gateway_client_answer(struct gateway_client *c, const char *text)
{
    if (c->is_up && text) {
        words_add(&c->words, xstrdup(text));
        lws_callback_on_writable(c->wsi);
    }
}

static struct err *
take_request(struct gateway_client *c, const json_t *j)
{
    struct arena *a = arena_new(DESIRED_ARENA_BYTES);
    struct launcher_request r = {0};
    struct err *e = api_decode(&launcher_request_type, j, a, &r);

    if (!e) {
        gateway_client_answer(c, answers_take(c->o.answers, &r));
    }
    arena_free(a);
    return e;
}

/* One whole message; -1 closes. What we do not know is ignored: a newer gateway may say more. */
static int
take_message(struct gateway_client *c)
{
    AUTO(json_freep) json_t *j = NULL;
    const char *type = NULL;
    bool is_redirect = false;

    AUTO(err_freep) struct err *e = launcher_msg_parse(strbuf_str(&c->in), c->in.len, &j, &type);
    if (!e && str_eq(type, LAUNCHER_MSG_DESIRED)) {
        e = take_desired(c, j);
    } else if (!e && str_eq(type, LAUNCHER_MSG_REDIRECT)) {
        e = take_redirect(c, j);
        is_redirect = true;
    } else if (!e && c->o.answers && str_eq(type, LAUNCHER_MSG_REQUEST)) {
        e = take_request(c, j);
    }
    if (e) {
        log_warn(c->o.log, "a message of the gateway is ignored", F_ERR(e));
    }
    strbuf_reset(&c->in);
    return is_redirect ? -1 : 0;
}

static int
take_bytes(struct gateway_client *c, struct lws *wsi, const void *in, size_t len)
{
    if (!strbuf_add(&c->in, in, len)) {
        log_warn(c->o.log, "a message of the gateway is too long");
        return -1;
    }
    bool is_last = lws_is_final_fragment(wsi) && lws_remaining_packet_payload(wsi) == 0;
    return is_last ? take_message(c) : 0;
}

static void
on_up(struct gateway_client *c, struct lws *wsi)
{
    uv_timer_stop(&c->timer);
    c->wsi = wsi;
    c->is_up = true;
    c->is_dialling = false;
    if (c->o.answers) {
        words_add(&c->words, answers_hello(c->o.answers));
    }
    c->is_told = !c->text;
    lws_callback_on_writable(wsi);
}

/* Of a try that was given up: whatever comes of it now, it ends. */
static bool
is_stale(const struct gateway_client *c, const struct lws *wsi)
{
    return (!c->is_up && !c->is_dialling) || (c->wsi && c->wsi != wsi);
}

static int
on_client(struct gateway_client *c, struct lws *wsi, enum lws_callback_reasons reason, void *in, size_t len)
{
    if (is_stale(c, wsi)) {
        return -1;
    }
    if (reason == LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER) {
        return add_token(c, wsi, in, len);
    }
    if (reason == LWS_CALLBACK_CLIENT_ESTABLISHED) {
        on_up(c, wsi);
    } else if (reason == LWS_CALLBACK_CLIENT_WRITEABLE) {
        return write_next(c, wsi);
    } else if (reason == LWS_CALLBACK_CLIENT_RECEIVE) {
        return take_bytes(c, wsi, in, len);
    } else if (reason == LWS_CALLBACK_CLIENT_CONNECTION_ERROR) {
        complain(c, in ? in : "no answer");
        client_dial_later(c);
    } else {
        log_debug(c->o.log, "the line to the gateway is closed");
        client_dial_later(c);
    }
    return 0;
}

static int
on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct gateway_client *c = lws_context_user(lws_get_context(wsi));

    (void)user; /* one connection, the context's */
    switch ((int)reason) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
    case LWS_CALLBACK_CLIENT_WRITEABLE:
    case LWS_CALLBACK_CLIENT_RECEIVE:
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
    case LWS_CALLBACK_CLIENT_CLOSED:
        return on_client(c, wsi, reason, in, len);
    default: /* some ninety more, the library's own */
        return 0;
    }
}
