// One write at a time.
#include "wire.h"

#include "base/strbuf.h"

/* A piece is a frame, of at most 16 KiB and its header. */
enum { READ_BYTES = 4096, WRITE_BYTES = 16 * 1024, WRITE_MAX_BYTES = 64 * 1024 };

struct wire {
    uv_pipe_t pipe;
    uv_write_t write;
    const struct wire_ops *ops;
    void *arg;
    bool is_writing;
    struct strbuf out; /* what is being written */
    char in[READ_BYTES];
};

static bool gather(struct wire *w);
static void wire_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf);
static void wire_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);
static void wire_written(uv_write_t *write, int status);
static void wire_closed(uv_handle_t *handle);

struct wire *
wire_new(uv_loop_t *loop, const struct wire_ops *ops, void *arg)
{
    struct wire *w = XNEW(struct wire);

    BUG_ON(uv_pipe_init(loop, &w->pipe, 0) != 0);
    w->pipe.data = w;
    w->ops = ops;
    w->arg = arg;
    w->out = STRBUF_INIT(WRITE_MAX_BYTES);
    return w;
}

uv_pipe_t *
wire_pipe(struct wire *w)
{
    return &w->pipe;
}

void
wire_send(struct wire *w)
{
    if (w->is_writing || uv_is_closing((const uv_handle_t *)&w->pipe)) {
        return;
    }
    if (!gather(w)) {
        wire_close(w);
        return;
    }
    if (w->out.len == 0) {
        if (uv_read_start((uv_stream_t *)&w->pipe, wire_buffer, wire_read) != 0) {
            wire_close(w); /* the peer has gone */
        }
        return;
    }
    const uv_buf_t buf = uv_buf_init(w->out.buf, (unsigned)w->out.len);
    (void)uv_read_stop((uv_stream_t *)&w->pipe);
    w->is_writing = true;
    if (uv_write(&w->write, (uv_stream_t *)&w->pipe, &buf, 1, wire_written) != 0) {
        w->is_writing = false;
        wire_close(w);
    }
}

void
wire_close(struct wire *w)
{
    if (!uv_is_closing((uv_handle_t *)&w->pipe)) {
        uv_close((uv_handle_t *)&w->pipe, wire_closed);
    }
}

/* Pieces for the peer, up to about WRITE_BYTES. False at the end, when all before it is sent. */
static bool
gather(struct wire *w)
{
    const uint8_t *piece;
    ssize_t n = 1;

    strbuf_reset(&w->out);
    while (n > 0 && w->out.len < WRITE_BYTES) {
        n = w->ops->pull(w->arg, &piece);
        if (n > 0 && !strbuf_add(&w->out, piece, (size_t)n)) {
            return false;
        }
    }
    if (w->out.len == 0) {
        strbuf_fini(&w->out);
        w->out = STRBUF_INIT(WRITE_MAX_BYTES);
    }
    return n >= 0 || w->out.len > 0;
}

static void
wire_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    struct wire *w = handle->data;

    (void)suggested;
    *ret_buf = uv_buf_init(w->in, sizeof(w->in));
}

static void
wire_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct wire *w = stream->data;

    if (n < 0 || (n > 0 && !w->ops->feed(w->arg, (const uint8_t *)buf->base, (size_t)n))) {
        wire_close(w);
        return;
    }
    wire_send(w);
}

static void
wire_written(uv_write_t *write, int status)
{
    struct wire *w = CONTAINER_OF(write, struct wire, write);

    w->is_writing = false;
    if (status != 0) {
        wire_close(w);
        return;
    }
    wire_send(w);
}

static void
wire_closed(uv_handle_t *handle)
{
    struct wire *w = handle->data;
    const struct wire_ops *ops = w->ops;
    void *arg = w->arg;

    strbuf_fini(&w->out);
    free(w);
    ops->closed(arg);
}
