// What comes and goes on a connection once it is a WebSocket: whole messages, how many there may be, and who takes nothing.
#include "serve/http/server_message.h"

#include <sys/socket.h>
#include <utlist.h>

#include "base/clock.h"
#include "serve/http/server_shared.h"

enum {
    VALID_MS = 5000, /* how old the word that a peer lives may be */
    CHUNKS_PER_MESSAGE = 256,
    BARE_BYTES_PER_MESSAGE = 128, /* four pings, each in a record of its own */
    MESSAGE_OVERHEAD_BYTES = 64   /* header of a frame, and what TLS adds to a record */
};

/* Takes 'cost' messages from the budget, which grows with time. */
static bool
is_within_rate(struct server_stream *c, double cost)
{
    double per_s = c->endpoint->messages_per_s;
    int64_t now_ms = clock_mono_ms();

    c->budget += (double)(now_ms - c->rate_ms) * per_s / 1000.0;
    if (c->budget > 2 * per_s) {
        c->budget = 2 * per_s;
    }
    c->rate_ms = now_ms;
    c->budget -= cost;
    return c->budget >= 0;
}

static void
misbehaved(struct server_stream *c, enum server_close code, const char *label, const char *reason)
{
    server_count(c->server, &server_metric_refused, label);
    strbuf_reset(&c->rx);
    server_stream_close(c, code, reason);
}

/* A peer that talks and takes nothing. Where libwebsockets ends a connection whose output waits (a frame against the protocol is enough),
 * it turns on the spot for ever over what still comes. With the socket shut the output fails before anything is read. */
static void
end_deaf(struct server_stream *c)
{
    if (!c->is_deaf) {
        c->is_deaf = true;
        server_count(c->server, &server_metric_refused, "reason=\"deaf\"");
        (void)shutdown(lws_get_socket_fd(c->wsi), SHUT_RDWR); /* which the peer may have done */
    }
}

/* OpenSSL's, for each record that came. Pings, pongs, empty fragments and what else libwebsockets answers or drops by itself is not
 * told to us one by one: what the last records held beside messages counts by its size. */
static void
// NOLINTNEXTLINE(readability-function-size): SSL_set_msg_callback says so
on_record(int is_written, int version, int type, const void *data, size_t len, SSL *ssl, void *arg)
{
    struct server_stream *c = arg;
    const unsigned char *head = data;

    (void)version;
    (void)ssl;
    if (is_written || type != SSL3_RT_HEADER || len < SSL3_RT_HEADER_LENGTH) {
        return;
    }
    if (lws_partial_buffered(c->wsi)) {
        end_deaf(c);
    }
    if (c->is_closing || c->is_deaf || c->endpoint->is_raw) {
        return;
    }
    if (!is_within_rate(c, c->bare_bytes / (double)BARE_BYTES_PER_MESSAGE)) {
        misbehaved(c, SERVER_CLOSE_POLICY, "reason=\"rate\"", "too many frames");
    }
    c->bare_bytes = (unsigned)(SSL3_RT_HEADER_LENGTH + (head[3] << 8 | head[4]));
}

/* These bytes were part of a message. */
static void
explain(struct server_stream *c, size_t n)
{
    c->bare_bytes -= n < c->bare_bytes ? (unsigned)n : c->bare_bytes;
}

int
server_message_open(struct server_stream *c)
{
    static const int send_bytes = SERVER_SEND_BYTES;
    const struct server_endpoint *e = c->endpoint;

    c->is_open = true;
    c->valid_ms = clock_mono_ms();
    SSL_set_msg_callback(lws_get_ssl(c->wsi), on_record);
    SSL_set_msg_callback_arg(lws_get_ssl(c->wsi), c);
    c->server->n_streams++;
    /* libwebsockets makes the kernel's buffer as small as its own for reading. It costs nothing while it is empty. */
    (void)setsockopt(lws_get_socket_fd(c->wsi), SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof(send_bytes));
    if (c->is_closing) {
        lws_callback_on_writable(c->wsi);
        return 0;
    }
    if (!c->is_trusted) {
        lws_rx_flow_control(c->wsi, 0);
    }
    e->opened(e->arg, c);
    return 0;
}

/* libwebsockets keeps its timers in one sorted list, and goes through all of it each time. */
void
server_message_confirm(struct server_stream *c)
{
    int64_t now_ms = clock_mono_ms();

    if (now_ms - c->valid_ms >= VALID_MS) {
        c->valid_ms = now_ms;
        lws_validity_confirmed(c->wsi);
    }
}

int
server_message_receive(struct server_stream *c, const char *data, size_t len)
{
    const struct server_endpoint *e = c->endpoint;
    bool is_last = lws_is_final_fragment(c->wsi) && lws_remaining_packet_payload(c->wsi) == 0;

    if (c->is_closing) {
        return 0;
    }
    server_message_confirm(c);
    explain(c, len + (is_last ? MESSAGE_OVERHEAD_BYTES : 0));
    if (lws_frame_is_binary(c->wsi)) {
        misbehaved(c, SERVER_CLOSE_UNACCEPTABLE, "reason=\"binary\"", "only text messages are understood");
        return 0;
    }
    if (!is_within_rate(c, is_last ? 1.0 : 1.0 / CHUNKS_PER_MESSAGE)) {
        misbehaved(c, SERVER_CLOSE_POLICY, "reason=\"rate\"", "too many messages");
        return 0;
    }
    if (!strbuf_add(&c->rx, data, len)) {
        misbehaved(c, SERVER_CLOSE_TOO_LARGE, "reason=\"large\"", "message is too large");
        return 0;
    }
    if (is_last) {
        e->message(e->arg, c, strbuf_str(&c->rx), c->rx.len);
        strbuf_fini(&c->rx); /* an idle connection holds no buffer */
        c->rx = STRBUF_INIT(e->message_max);
    }
    return 0;
}

static struct server_text *
take_next(struct server_stream *c)
{
    struct server_text *t = c->queue;

    if (!t) {
        return STEAL(c->tx);
    }
    DL_DELETE(c->queue, t);
    c->queue_bytes -= t->len;
    return t;
}

int
server_message_write(struct server_stream *c)
{
    if (c->queue || c->tx) {
        AUTO(freep) struct server_text *t = take_next(c);

        if (lws_write(c->wsi, t->bytes + LWS_PRE, t->len, LWS_WRITE_TEXT) < 0) {
            return -1;
        }
        if (c->is_closing || c->queue || c->tx) {
            lws_callback_on_writable(c->wsi);
        }
        return 0;
    }
    if (c->is_closing) {
        server_part_soon(c);
    }
    return 0;
}

void
server_message_drop(struct server_stream *c)
{
    while (c->queue) {
        struct server_text *t = c->queue;

        DL_DELETE(c->queue, t);
        free(t);
    }
    free(c->tx);
}
