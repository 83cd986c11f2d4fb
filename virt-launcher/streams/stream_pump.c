// Bytes between the device's socket and the WebSocket. At most one piece is kept, and only of what the guest has not taken.
#include "streams/stream_pump.h"

#include <errno.h>
#include <unistd.h>

#include "streams/stream_end.h"

static void on_poll(uv_poll_t *poll, int status, int events);

static void
watch(struct stream *s)
{
    int events = (s->is_wanting ? UV_READABLE : 0) | (s->pending.len > 0 ? UV_WRITABLE : 0);

    if (s->events == events || s->is_over) {
        return;
    }
    s->events = events;
    BUG_ON((events ? uv_poll_start(&s->poll, events, on_poll) : uv_poll_stop(&s->poll)) != 0);
}

/* False: the stream is over. */
static bool
write_pending(struct stream *s)
{
    while (s->pending.len > 0) {
        ssize_t n = write(s->fd, s->pending.buf, s->pending.len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0 && errno == EAGAIN) {
            return true;
        }
        if (n <= 0) {
            stream_end(s, LWS_CLOSE_STATUS_NORMAL, "the guest's device has closed the stream");
            return false;
        }
        strbuf_consume(&s->pending, (size_t)n);
    }
    strbuf_fini(&s->pending); /* an idle stream holds no buffer */
    s->pending = STRBUF_INIT(4 * STREAM_PIECE_BYTES);
    return true;
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
    struct stream *s = CONTAINER_OF(poll, struct stream, poll);
    bool was_full = s->pending.len > 0;

    if (was_full && !write_pending(s)) {
        return;
    }
    if (was_full && s->pending.len == 0 && s->wsi) {
        lws_rx_flow_control(s->wsi, 1);
    }
    if (s->is_wanting && (status < 0 || events & UV_READABLE)) {
        s->is_wanting = false; /* an end is read like bytes */
        lws_callback_on_writable(s->wsi);
    }
    watch(s);
}

void
stream_pump_init(struct stream *s, int fd)
{
    s->fd = fd;
    s->pending = STRBUF_INIT(4 * STREAM_PIECE_BYTES);
    BUG_ON(uv_poll_init(s->all->o.loop, &s->poll, fd) != 0);
    s->poll.data = s;
    s->n_refs++;
}

int
stream_pump_up(struct stream *s)
{
    unsigned char buf[LWS_PRE + STREAM_PIECE_BYTES];
    ssize_t n;

    do {
        n = read(s->fd, buf + LWS_PRE, STREAM_PIECE_BYTES);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN) {
        s->is_wanting = true;
        watch(s);
        return 0;
    }
    if (n <= 0) {
        stream_end(s, LWS_CLOSE_STATUS_NORMAL, "the guest's device has closed the stream");
        return 0;
    }
    if (lws_write(s->wsi, buf + LWS_PRE, (size_t)n, LWS_WRITE_BINARY) < (int)n) {
        return -1;
    }
    lws_callback_on_writable(s->wsi);
    return 0;
}

void
stream_pump_down(struct stream *s, const void *data, size_t len)
{
    bool was_full = s->pending.len > 0;

    if (!strbuf_add(&s->pending, data, len)) { /* libwebsockets gave more than it was asked for */
        stream_end(s, LWS_CLOSE_STATUS_UNEXPECTED_CONDITION, "the guest does not take what is sent to it");
        return;
    }
    if (was_full || !write_pending(s)) {
        return;
    }
    if (s->pending.len > 0) {
        lws_rx_flow_control(s->wsi, 0);
    }
    watch(s);
}
