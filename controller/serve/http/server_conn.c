// One connection: from accept through TLS, request, upgrade and messages to its end, as libwebsockets reports it.
// Decides nothing about who may talk: that is the endpoint's.
#include "serve/http/server_conn.h"

#include <openssl/crypto.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <utlist.h>

#include "base/clock.h"
#include "serve/http/server_message.h"
#include "serve/http/server_page.h"
#include "serve/http/server_raw.h"
#include "serve/http/server_shared.h"
#include "serve/http/server_stream.h"
#include "serve/http/server_tls.h"

enum { PATH_MAX_BYTES = 256, PROTOCOLS_MAX_BYTES = 256, PEER_SIZE = 48 };

static int
on_instantiated(struct server *s, struct lws *wsi)
{
    struct server_stream *c = XNEW(struct server_stream);
    char peer[PEER_SIZE];

    c->server = s;
    c->listener = s->accepting;
    c->crowd = s->accepted_by;
    c->place = STEAL(s->accepted);
    c->wsi = wsi;
    c->moved_ms = clock_mono_ms();
    crowd_place(c->crowd, c->place, c->moved_ms, c);
    c->peer = xstrdup(lws_get_peer_simple(wsi, peer, sizeof(peer)) ? peer : "");
    lws_set_opaque_user_data(wsi, c);
    s->n_conns++;
    server_wait(c, SERVER_REQUEST_S);
    return 0;
}

/* The connection does nothing any more; its memory stays until on_destroy. */
static void
retire(struct server_stream *c)
{
    if (c->is_trusted && c->is_open) {
        server_stream_proven(c);
    }
    server_wait_no_more(c);
    server_part_no_more(c);
    c->is_closing = true;
    if (c->wsi && lws_get_ssl(c->wsi)) {
        SSL_set_msg_callback(lws_get_ssl(c->wsi), NULL);
    }
    c->wsi = NULL;
    if (c->is_open) {
        c->is_open = false;
        c->server->n_streams--;
    }
    if (c->is_admitted) {
        c->is_admitted = false;
        c->endpoint->closed(c->endpoint->arg, c);
    }
}

static void
on_destroy(struct server_stream *c)
{
    retire(c);
    c->server->n_conns--;
    strbuf_fini(&c->rx);
    server_page_end(c);
    server_message_drop(c);
    free(c->close_reason);
    free(c->peer);
    free(c->rest); /* of one that was refused */
    free(c);
}

/* True when the comma-separated list of the request's header has 'want' in it. */
static bool
offers_protocol(struct lws *wsi, const char *want)
{
    char list[PROTOCOLS_MAX_BYTES];
    char *save = NULL;

    if (lws_hdr_copy(wsi, list, sizeof(list), WSI_TOKEN_PROTOCOL) <= 0) {
        return false;
    }
    for (char *p = strtok_r(list, ", \t", &save); p; p = strtok_r(NULL, ", \t", &save)) {
        if (str_eq(p, want)) {
            return true;
        }
    }
    return false;
}

/* The bearer token of the request, in 'ret_buf' (SERVER_HEADERS_MAX bytes); NULL when there is none. */
static const char *
bearer_token(struct lws *wsi, char *ret_buf, size_t *ret_len)
{
    static const char scheme[] = "Bearer ";
    int n = lws_hdr_copy(wsi, ret_buf, SERVER_HEADERS_MAX, WSI_TOKEN_HTTP_AUTHORIZATION);
    const char *token = ret_buf + sizeof(scheme) - 1;

    if (n < (int)sizeof(scheme) || strncasecmp(ret_buf, scheme, sizeof(scheme) - 1) != 0) {
        return NULL;
    }
    while (*token == ' ') {
        token++;
    }
    *ret_len = strlen(token);
    return token;
}

static const struct server_endpoint *
find_endpoint(struct server_stream *c, const char *path)
{
    const struct server *s = c->server;

    if (s->endpoint && str_eq(path, s->endpoint->path)) {
        return s->endpoint;
    }
    if (s->raw && str_starts(path, s->raw->path)) {
        c->rest = xstrdup(path + strlen(s->raw->path));
        return s->raw;
    }
    return NULL;
}

static bool
admit(struct server_stream *c, struct server_refusal *ret_refusal)
{
    char path[PATH_MAX_BYTES];
    char *headers = NULL;
    const char *token;
    size_t len = 0;
    bool has_path =
        c->listener->kind != SERVER_FOR_HEALTH && lws_hdr_copy(c->wsi, path, sizeof(path), WSI_TOKEN_GET_URI) > 0;
    const struct server_endpoint *e = has_path ? find_endpoint(c, path) : NULL;

    if (!e) {
        *ret_refusal = (struct server_refusal){404, "NotFound", "no WebSocket is served at this path"};
        return false;
    }
    if (!offers_protocol(c->wsi, e->protocol)) {
        *ret_refusal = (struct server_refusal){400, "BadRequest", ""};
        snprintf(ret_refusal->message, sizeof(ret_refusal->message), "the sub-protocol %s must be offered", e->protocol);
        return false;
    }
    headers = xcalloc(1, SERVER_HEADERS_MAX);
    token = bearer_token(c->wsi, headers, &len);
    c->endpoint = e;
    c->rx = STRBUF_INIT(e->message_max);
    c->budget = 2.0 * e->messages_per_s;
    c->rate_ms = clock_mono_ms();
    c->kind = CONN_STREAM;
    c->is_admitted = e->admit(e->arg, c, token, len, ret_refusal);
    free(STEAL(c->rest));
    OPENSSL_cleanse(headers, SERVER_HEADERS_MAX);
    free(headers);
    return c->is_admitted;
}

static int
on_upgrade(struct server_stream *c, const char *to)
{
    struct server_refusal refusal = {0};

    if (c->kind != CONN_NEW || strcasecmp(to, "websocket") != 0) {
        return -1;
    }
    if (admit(c, &refusal)) {
        return 0;
    }
    server_count(c->server, &server_metric_refused, "reason=\"upgrade\"");
    c->kind = CONN_REPLY;
    return server_refuse(c, &refusal) ? 1 : -1;
}

/* What happens before there is a connection, and on objects of libwebsockets that are none. */
static int
on_server(struct server *s, struct lws *wsi, enum lws_callback_reasons reason, void *user)
{
    if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS) {
        s->ssl = user;
        server_tls_setup(s->ssl);
    } else if (reason == LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED) {
        return on_instantiated(s, wsi);
    }
    return 0;
}

int
server_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct server *s = lws_context_user(lws_get_context(wsi));
    struct server_stream *c = lws_get_opaque_user_data(wsi);

    if (!c) {
        return on_server(s, wsi, reason, user);
    }
    switch ((int)reason) {
    case LWS_CALLBACK_HTTP:
        return server_page_begin(c, in);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return c->kind == CONN_REPLY ? server_page_continue(c) : 0;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return on_upgrade(c, in);
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return c->is_admitted && str_eq(lws_get_protocol(wsi)->name, c->endpoint->protocol) ? 0 : -1;
    case LWS_CALLBACK_ESTABLISHED:
        return server_message_open(c);
    case LWS_CALLBACK_RECEIVE:
        return c->endpoint->is_raw ? server_raw_receive(c, in, len) : server_message_receive(c, in, len);
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return c->endpoint->is_raw && !c->is_closing ? server_raw_writable(c) : server_message_write(c);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        server_raw_parting(c, in, len);
        return 0;
    case LWS_CALLBACK_CLOSED:
    case LWS_CALLBACK_CLOSED_HTTP:
        retire(c);
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        lws_set_opaque_user_data(wsi, NULL);
        on_destroy(c);
        return 0;
    default: /* the library's own, of which there are dozens */
        return 0;
    }
}

/* From outside of libwebsockets' callbacks. While output of a stream waits, libwebsockets would only flush it at first, and reading
 * what still comes meanwhile it turns on the spot for ever: so nothing can be sent or come any more. */
static void
cut_off(struct server_stream *c, const char *label)
{
    server_count(c->server, &server_metric_refused, label);
    server_wait_no_more(c);
    (void)shutdown(lws_get_socket_fd(c->wsi), SHUT_RDWR); /* which the peer may have done */
    lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
}

/* While others wait for its place, each step of a connection has to come soon. What lies unread is our delay, not the peer's. */
static bool
is_idle(const struct server_stream *c, int64_t now_ms)
{
    int unread = 0;

    return c->place && c->crowd->n[CROWD_READY] > 0 && !c->is_admitted && now_ms - c->moved_ms >= SERVER_PRESSED_MS &&
           ioctl(lws_get_socket_fd(c->wsi), FIONREAD, &unread) == 0 && unread == 0;
}

void
server_sweep(struct server *s, int64_t now_ms)
{
    struct server_stream *c, *tmp;

    DL_FOREACH_SAFE(s->waiting, c, tmp) {
        if (c->deadline_ms <= now_ms || is_idle(c, now_ms)) {
            cut_off(c, "reason=\"slow\"");
        }
    }
}

void
server_evict(struct server_stream *c)
{
    cut_off(c, "reason=\"crowd\"");
}

void
server_part(struct server *s)
{
    struct server_stream *c, *tmp;

    /* Ending a callback with -1 would drop the close frame: on a libuv loop libwebsockets 4.1 then closes twice in a row. From
     * outside of its callbacks it does so once, and the frame and the peer's answer get their time. */
    DL_FOREACH_SAFE2(s->parting, c, tmp, part_next)
    {
        server_part_no_more(c);
        lws_rx_flow_control(c->wsi, 1); /* for the answer; messages are ignored by now */
        lws_close_reason(c->wsi, (enum lws_close_status)c->close_code, (unsigned char *)c->close_reason,
                         strlen(c->close_reason));
        lws_set_timeout(c->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
    }
}
