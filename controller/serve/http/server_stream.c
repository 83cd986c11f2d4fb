// What the endpoint does with a connection: it is trusted, told something, closed.
#include "serve/http/server_stream.h"

#include <utlist.h>

#include "base/clock.h"
#include "serve/http/server_shared.h"
#include "serve/http/server_state.h"

enum {
    CLOSING_S = 2,    /* for what waits and the close frame to go out */
    REASON_MAX = 120, /* bytes of text in a close frame */
    QUEUE_MAX_BYTES = 128 * 1024,
    MESSAGE_COST_MAX = 2, /* of the rate, of the largest message */
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

static struct server_text *
text_new(const char *text, size_t len)
{
    struct server_text *t = xcalloc(1, sizeof(*t) + LWS_PRE + len + 1);

    memcpy(t->bytes + LWS_PRE, text, len);
    t->len = len;
    return t;
}

void
server_stream_send(struct server_stream *c, const char *text, size_t len)
{
    if (c->is_closing) {
        return;
    }
    free(c->tx);
    c->tx = text_new(text, len);
    if (c->is_open) {
        lws_callback_on_writable(c->wsi);
    }
}

bool
server_stream_queue(struct server_stream *c, const char *text, size_t len)
{
    if (c->is_closing || len > QUEUE_MAX_BYTES - c->queue_bytes) {
        return false;
    }
    struct server_text *t = text_new(text, len);
    DL_APPEND(c->queue, t);
    c->queue_bytes += len;
    if (c->is_open) {
        lws_callback_on_writable(c->wsi);
    }
    return true;
}

void
server_stream_expect(struct server_stream *c)
{
    c->budget += MESSAGE_COST_MAX;
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
