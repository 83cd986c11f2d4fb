// libwebsockets for streams: a context of its own, so that the line to the gateway knows nothing of them. It trusts as that line does.
#include "streams/stream_dial.h"

#include <netdb.h>

#include "domain/host_port.h"
#include "streams/stream_end.h"
#include "streams/stream_pump.h"

enum {
    HEADERS_MAX = 16, /* that dial at once; others wait */
    FILES_MAX = 128,
    CONNECT_S = 10,
};

static int
add_token(struct stream *s, struct lws *wsi, void *in, size_t len)
{
    unsigned char **p = in;
    AUTO(freep) char *value = xasprintf("Bearer %s", strbuf_str(&s->all->token));

    int rc = lws_add_http_header_by_token(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, (unsigned char *)value, (int)strlen(value),
                                          p, *p + len);
    explicit_bzero(value, strlen(value));
    return rc ? -1 : 0;
}

static int
on_stream(struct stream *s, struct lws *wsi, enum lws_callback_reasons reason, void *in, size_t len)
{
    switch ((int)reason) {
    case LWS_CALLBACK_CLIENT_APPEND_HANDSHAKE_HEADER:
        return add_token(s, wsi, in, len);
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        s->wsi = wsi;
        s->is_up = true;
        lws_callback_on_writable(wsi);
        return 0;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return s->is_over ? 0 : stream_pump_up(s);
    case LWS_CALLBACK_CLIENT_RECEIVE:
        if (!s->is_over) {
            stream_pump_down(s, in, len);
        }
        return 0;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        lws_set_wsi_user(wsi, NULL); /* nothing is heard of it any more */
        stream_lost(s, in ? in : "no answer");
        return 0;
    case LWS_CALLBACK_CLIENT_CLOSED:
        lws_set_wsi_user(wsi, NULL);
        stream_lost(s, NULL);
        return 0;
    default: /* some ninety more, the library's own */
        return 0;
    }
}

static int
on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    return user ? on_stream(user, wsi, reason, in, len) : 0;
}

static const char *
make_context(struct streams *all)
{
    void *loops[] = {all->o.loop};
    AUTO(err_freep) struct err *e = gateway_tls_new(&all->tls);

    if (e) {
        return "OpenSSL cannot be set up";
    }
    gateway_tls_pin(all->tls, &all->pins);
    all->protocols[0] = (struct lws_protocols){
        .name = LAUNCHER_STREAM_PROTOCOL, .callback = on_lws, .rx_buffer_size = STREAM_PIECE_BYTES};
    const struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = all->protocols,
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
                   LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS | LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME,
        .foreign_loops = loops,
        .user = all,
        .gid = -1,
        .uid = -1,
        .provided_client_ssl_ctx = all->tls,
        .max_http_header_pool2 = HEADERS_MAX,
        .pt_serv_buf_size = STREAM_PIECE_BYTES,
        .fd_limit_per_thread = FILES_MAX,
        .timeout_secs = CONNECT_S,
        .connect_timeout_secs = CONNECT_S,
    };
    all->lws = lws_create_context(&info);
    if (!all->lws) {
        SSL_CTX_free(STEAL(all->tls));
        return "libwebsockets cannot be set up";
    }
    return NULL;
}

/* No name is looked up: that would stop the loop. */
static bool
is_address(const char *host)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    bool is_it = getaddrinfo(host, NULL, &hints, &found) == 0;

    if (is_it) {
        freeaddrinfo(found);
    }
    return is_it;
}

static const char *
read_trust(struct streams *all)
{
    struct err *e = gateway_pins_read(all->o.pins_path, &all->pins);

    if (!e) {
        e = gateway_token_read(all->o.token_path, &all->token);
    }
    if (e) {
        log_warn(all->o.log, "a stream cannot be dialled", F_ERR(e));
        err_free(e);
        return "the launcher cannot read its token or whom to trust";
    }
    return NULL;
}

const char *
stream_dial(struct stream *s, const char *address)
{
    struct streams *all = s->all;
    const char *port = NULL;
    AUTO(freep) char *host = host_port_split(address, &port);

    if (!host || !is_address(host)) {
        return "address: it is no address with a port";
    }
    const char *why = all->lws ? NULL : make_context(all);
    why = why ? why : read_trust(all);
    if (why) {
        return why;
    }
    const struct lws_client_connect_info info = {
        .context = all->lws,
        .address = host,
        .port = (int)strtol(port, NULL, 10),
        .ssl_connection = LCCSCF_USE_SSL,
        .path = s->path,
        .host = all->o.name, /* also what the certificate must say */
        .origin = all->o.name,
        .protocol = LAUNCHER_STREAM_PROTOCOL,
        .local_protocol_name = LAUNCHER_STREAM_PROTOCOL,
        .userdata = s,
        .pwsi = &s->wsi,
    };
    s->n_refs++; /* until its last callback */
    (void)lws_client_connect_via_info(&info);
    if (s->is_over || s->wsi) {
        return s->is_over ? "the replica cannot be dialled" : NULL;
    }
    s->n_refs--; /* it failed without a callback */
    return "the replica cannot be dialled";
}
