// Bytes one way and the other, and when.
#include "serve/http/server_raw.h"

#include <sys/socket.h>

#include "serve/http/server_message.h"
#include "serve/http/server_shared.h"
#include "serve/http/server_state.h"

_Static_assert((int)SERVER_RAW_PRE >= (int)LWS_PRE, "libwebsockets writes its header before the bytes");

const char *
server_raw_rest(const struct server_stream *c)
{
    return c->rest;
}

void
server_raw_want(struct server_stream *c)
{
    if (c->is_open && !c->is_closing) {
        lws_callback_on_writable(c->wsi);
    }
}

void
server_raw_write(struct server_stream *c, unsigned char *bytes, size_t len)
{
    BUG_ON(len > SERVER_RAW_MAX);
    /* With the socket shut the next read fails, which ends the connection in the ordinary way. */
    if (lws_write(c->wsi, bytes, len, LWS_WRITE_BINARY) < 0) {
        (void)shutdown(lws_get_socket_fd(c->wsi), SHUT_RDWR);
    }
}

void
server_raw_hold(struct server_stream *c, bool is_held)
{
    if (c->is_open && !c->is_closing) {
        lws_rx_flow_control(c->wsi, !is_held);
    }
}

int
server_raw_receive(struct server_stream *c, const char *data, size_t len)
{
    const struct server_endpoint *e = c->endpoint;

    if (c->is_closing) {
        return 0;
    }
    server_message_confirm(c);
    if (!lws_frame_is_binary(c->wsi)) {
        server_count(c->server, &server_metric_refused, "reason=\"text\"");
        server_stream_close(c, SERVER_CLOSE_UNACCEPTABLE, "only binary messages are understood");
    } else if (len > 0) {
        e->bytes(e->arg, c, data, len);
    }
    return 0;
}

int
server_raw_writable(struct server_stream *c)
{
    c->endpoint->writable(c->endpoint->arg, c);
    return 0;
}

void
server_raw_parting(struct server_stream *c, const unsigned char *data, size_t len)
{
    enum { CODE_BYTES = 2 };
    const struct server_endpoint *e = c->endpoint;

    if (e->is_raw && c->is_admitted && len >= CODE_BYTES) {
        e->parting(e->arg, c, (unsigned)data[0] << 8 | data[1], (const char *)data + CODE_BYTES, len - CODE_BYTES);
    }
}
