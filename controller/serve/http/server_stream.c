// What the endpoint does with a connection: it is trusted, told something, closed.
#include "serve/http/server_stream.h"

#include "base/clock.h"
#include "serve/http/server_shared.h"
#include "serve/http/server_state.h"

enum {
    CLOSING_S = 2,    /* for what waits and the close frame to go out */
    REASON_MAX = 120, /* bytes of text in a close frame */
};

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
    return c->peer;
}

void
server_stream_send(struct server_stream *c, const char *text, size_t len)
{
    if (c->is_closing) {
        return;
    }
    free(c->tx);
    c->tx = xcalloc(1, LWS_PRE + len + 1);
    memcpy(c->tx + LWS_PRE, text, len);
    c->tx_len = len;
    if (c->is_open) {
        lws_callback_on_writable(c->wsi);
    }
}

void
server_stream_proven(const struct server_stream *c)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } a = {0};

    if (uv_ip4_addr(c->peer, 0, &a.v4) == 0 || uv_ip6_addr(c->peer, 0, &a.v6) == 0) {
        struct crowd_address address = crowd_address_of(&a.any);

        proven_add(&c->server->proven, &address, clock_mono_ms());
    }
}

void
server_stream_trust(struct server_stream *c)
{
    if (c->is_trusted || c->is_closing) {
        return;
    }
    c->is_trusted = true;
    server_stream_proven(c);
    server_wait_no_more(c);
    if (c->is_open) {
        lws_rx_flow_control(c->wsi, 1);
    }
}

void
server_stream_close(struct server_stream *c, enum server_close code, const char *reason)
{
    if (c->is_closing) {
        return;
    }
    c->is_closing = true;
    c->close_code = code;
    c->close_reason = xstrndup(reason, REASON_MAX);
    server_wait(c, CLOSING_S);
    if (c->is_open) {
        lws_callback_on_writable(c->wsi);
    }
}
