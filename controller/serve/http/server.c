// The server's life: the libwebsockets context on the caller's loop, deadlines, and the end. Ports are in server_listen.c, what
// connections do is in server_conn.c and server_page.c.
#include "serve/http/server.h"

#include <dlfcn.h>
#include <limits.h>
#include <sys/resource.h>
#include <utlist.h>

#include "base/clock.h"
#include "serve/http/server_conn.h"
#include "serve/http/server_listen.h"
#include "serve/http/server_pending.h"
#include "serve/http/server_room.h"
#include "serve/http/server_shared.h"
#include "serve/http/server_state.h"
#include "serve/http/server_tls.h"

enum {
    CLOSE_TICK_MS = 10,
    QUIET_TICKS = 4,
    RX_BYTES = 256,       /* read from a WebSocket at once; held per connection */
    RAW_BYTES = 2048,     /* the same of a raw endpoint, whose bytes come in numbers */
    TX_BYTES = 16 * 1024, /* written at once, a TLS record; without it libwebsockets writes no more than it reads */
    HANGUP_S = 10,        /* after an unanswered ping */
};

static void
on_freed(uv_handle_t *h)
{
    struct server *s = h->data;

    if (--s->n_handles > 0) {
        return;
    }
    if (s->done) {
        s->done(s->done_arg);
    }
    proven_fini(&s->proven);
    free(s);
}

static void
sweep(struct server *s)
{
    bool is_done = true;
    int64_t now_ms = clock_mono_ms();

    server_sweep(s, now_ms);
    for (size_t i = 0; i < s->n_listeners; i++) {
        struct server_listener *l = &s->listeners[i];

        server_pending_sweep(l, now_ms);
        server_room_update(l);
        is_done = is_done && l->is_open && crowd_in_room(&l->strangers) + crowd_in_room(&l->proven) == 0;
    }
    server_serve_soon(s); /* the endpoint's mind may have changed */
    if (is_done && !s->waiting) {
        uv_timer_stop(&s->sweep);
    }
}

static void
on_sweep(uv_timer_t *t)
{
    struct server *s = t->data;

    if (!s->is_closing) {
        sweep(s);
        return;
    }
    /* Not from server_close: what closes in the turn of that is closed by libwebsockets twice, which libuv does not survive. Before the
     * timers of a turn nothing is half closed. */
    if (s->lws && !s->is_ending) {
        s->is_ending = true;
        lws_context_destroy(s->lws);
        return;
    }
    /* On a loop that is not its own libwebsockets wants to be asked twice: first it lets go of the connections, and when the
     * loop has closed all handles, of itself. Then it clears the pointer. Its last handles are closed in the turn after the last
     * connection's, and the second call unloads the code of their callbacks, so some turns are let pass. */
    if (s->lws && s->n_conns == 0 && ++s->n_quiet_ticks == QUIET_TICKS) {
        lws_context_destroy(s->lws);
    }
    if (!s->lws) {
        uv_timer_stop(t);
        uv_close((uv_handle_t *)t, on_freed);
        uv_close((uv_handle_t *)&s->part, on_freed);
        uv_close((uv_handle_t *)&s->serve, on_freed);
    }
}

static void
on_serve(uv_idle_t *h)
{
    if (!server_pending_serve(h->data)) {
        (void)uv_idle_stop(h);
    }
}

static void
on_part(uv_timer_t *t)
{
    server_part(t->data);
}

static void
fill_protocols(struct server *s)
{
    const struct server_endpoint *e = s->endpoint;

    /* The first one serves plain HTTP. Its name could be asked for as a sub-protocol, so admission compares names. */
    s->protocols[0] = (struct lws_protocols){
        .name = "vmbridge-pages", .callback = server_callback, .rx_buffer_size = RX_BYTES, .tx_packet_size = TX_BYTES};
    if (!e) {
        return;
    }
    s->protocols[1] = (struct lws_protocols){
        .name = e->protocol, .callback = server_callback, .rx_buffer_size = RX_BYTES, .tx_packet_size = TX_BYTES};
    if (s->raw) {
        s->protocols[2] = (struct lws_protocols){.name = s->raw->protocol,
                                                 .callback = server_callback,
                                                 .rx_buffer_size = RAW_BYTES,
                                                 .tx_packet_size = TX_BYTES};
    }
    s->idle_policy.secs_since_valid_ping = (uint16_t)e->ping_s;
    s->idle_policy.secs_since_valid_hangup = (uint16_t)(e->ping_s + HANGUP_S);
}

/* libwebsockets is told as little as it needs: no port, no files, no signals, no second protocol version, nothing on stderr. */
static struct lws_context *
make_context(struct server *s, const struct server_options *o)
{
    void *loops[] = {s->loop};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN_SERVER,
        .protocols = s->protocols,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
                   LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS | LWS_SERVER_OPTION_VALIDATE_UTF8 |
                   LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME,
        .foreign_loops = loops,
        .pcontext = &s->lws,
        .user = s,
        .gid = -1, /* stay who we are */
        .uid = -1,
        .alpn = "http/1.1",
        .server_ssl_cert_mem = o->crt_pem,
        .server_ssl_cert_mem_len = (unsigned)strlen(o->crt_pem),
        .server_ssl_private_key_mem = o->key_pem,
        .server_ssl_private_key_mem_len = (unsigned)strlen(o->key_pem),
        .max_http_header_data2 = SERVER_HEADERS_MAX,
        .max_http_header_pool2 = 2 * s->waiting_max * SERVER_LISTENERS_MAX,
        .timeout_secs = SERVER_REQUEST_S,
        .timeout_secs_ah_idle = SERVER_REQUEST_S,
        .retry_and_idle_policy = s->endpoint ? &s->idle_policy : NULL,
        .vhost_name = "gateway",
        .server_string = "vmbridge",
    };

    lws_set_log_level(0, NULL); /* its lines hold what strangers sent */
    struct lws_context *context = lws_create_context(&info);
    /* The end of the context unloads the code that links it to the loop, whose handles may close a turn later: it is to stay. Where it
     * is no library of its own, nothing is found, nor needed. */
    s->evlib = dlopen("libwebsockets-evlib_uv.so", RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
    return context;
}

/* A negative port is any. */
MUST_CHECK static struct err *
listen_to(struct server *s, const char *address, int port, enum server_port_kind kind)
{
    return server_listen(s, address, port > 0 ? port : 0, kind);
}

MUST_CHECK static struct err *
listen_to_all(struct server *s, const struct server_options *o)
{
    struct rlimit files = {0};
    struct err *e = listen_to(s, o->address, o->port, o->endpoint_port ? SERVER_FOR_PAGES : SERVER_FOR_ALL);

    if (!e && o->endpoint_port) {
        e = listen_to(s, o->address, o->endpoint_port, SERVER_FOR_ENDPOINT);
    }
    if (!e && o->health_port) {
        e = listen_to(s, o->address, o->health_port, SERVER_FOR_HEALTH);
    }
    if (!e && o->taker && o->taker_port) {
        e = listen_to(s, o->address, o->taker_port, SERVER_FOR_TAKER);
    }
    BUG_ON(getrlimit(RLIMIT_NOFILE, &files) != 0);
    s->files_max = files.rlim_cur < INT_MAX ? (unsigned)files.rlim_cur : INT_MAX;
    server_listen_fit(s);
    return e;
}

/* The port of that kind, or the common one. */
static int
port_of_kind(const struct server *s, enum server_port_kind kind)
{
    for (size_t i = 0; i < s->n_listeners; i++) {
        if (s->listeners[i].kind == kind) {
            return s->listeners[i].port;
        }
    }
    return s->listeners[0].port;
}

struct err *
server_new(uv_loop_t *loop, const struct server_options *options, struct server **ret_server)
{
    struct server *s = XNEW(struct server);
    struct err *e = NULL;

    s->loop = loop;
    s->pages = options->pages;
    s->n_pages = options->n_pages;
    s->endpoint = options->endpoint;
    s->raw = options->raw;
    s->taker = options->taker;
    s->metrics = options->metrics;
    s->waiting_max = options->waiting_max ? options->waiting_max : SERVER_WAITING_MAX;
    e = server_tls_check(options->crt_pem, options->key_pem);
    if (e) {
        free(s);
        return e;
    }
    uv_timer_init(loop, &s->sweep);
    uv_timer_init(loop, &s->part);
    uv_idle_init(loop, &s->serve);
    s->sweep.data = s->part.data = s->serve.data = s;
    s->on_sweep = on_sweep;
    s->on_part = on_part;
    s->on_serve = on_serve;
    s->n_handles = 3;
    fill_protocols(s);
    s->lws = make_context(s, options);
    if (!s->lws || !s->ssl) {
        server_close(s, NULL, NULL);
        return err_new(ERR_FATAL, "libwebsockets cannot serve HTTPS: is libwebsockets-evlib-uv installed?");
    }
    s->vhost = lws_get_vhost_by_name(s->lws, "gateway");
    e = server_tls_use(s->ssl, options->crt_pem, options->key_pem); /* libwebsockets took the first certificate alone */
    if (!e) {
        e = listen_to_all(s, options);
    }
    if (e) {
        server_close(s, NULL, NULL);
        return e;
    }
    uv_timer_start(&s->sweep, on_sweep, 0,
                   SERVER_SWEEP_MS); /* not now: the endpoint is not to be asked before we return */
    *ret_server = s;
    return NULL;
}

int
server_port(const struct server *s)
{
    return s->listeners[0].port;
}

int
server_endpoint_port(const struct server *s)
{
    return port_of_kind(s, SERVER_FOR_ENDPOINT);
}

int
server_health_port(const struct server *s)
{
    return port_of_kind(s, SERVER_FOR_HEALTH);
}

int
server_taker_port(const struct server *s)
{
    return port_of_kind(s, SERVER_FOR_TAKER);
}

struct err *
server_set_certificate(struct server *s, const char *crt_pem, const char *key_pem)
{
    return server_tls_use(s->ssl, crt_pem, key_pem);
}

void
server_close(struct server *s, void (*done)(void *arg), void *arg)
{
    BUG_ON(s->is_closing);
    s->is_closing = true;
    s->done = done;
    s->done_arg = arg;
    server_listen_close(s, on_freed);
    (void)uv_idle_stop(&s->serve);
    uv_timer_start(&s->sweep, on_sweep, CLOSE_TICK_MS, CLOSE_TICK_MS);
}
