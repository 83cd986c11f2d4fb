// Lines in, lines out.
#include "console.h"

enum { INPUT_MAX_BYTES = 16 << 20, BLOCK_BYTES = 65536, DIGITS = 6 };

struct console {
    uv_pipe_t pipe;
    uv_idle_t next; /* the next command begins from the loop, not from within the answer to the last */
    struct console_handler handler;
    struct strbuf in;
    bool is_busy;
    bool is_ended;
    bool is_closed;
    size_t n_handles;
    char block[BLOCK_BYTES];
};

static void console_next(struct console *c);

static void
on_alloc(uv_handle_t *h, size_t size, uv_buf_t *ret_buf)
{
    struct console *c = h->data;

    (void)size;
    *ret_buf = uv_buf_init(c->block, sizeof(c->block));
}

static void
on_next(uv_idle_t *idle)
{
    struct console *c = idle->data;

    (void)uv_idle_stop(idle);
    console_next(c);
}

static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct console *c = stream->data;

    if (n < 0) {
        c->is_ended = true;
        (void)uv_read_stop(stream);
    } else if (!strbuf_add(&c->in, buf->base, (size_t)n)) {
        (void)fprintf(stderr, "vmbridge-load: more than %d bytes of commands are waiting\n", INPUT_MAX_BYTES);
        c->is_ended = true;
        (void)uv_read_stop(stream);
    }
    if (!c->is_busy) {
        (void)uv_idle_start(&c->next, on_next);
    }
}

static void
run_line(struct console *c, size_t len)
{
    AUTO(json_freep) json_t *command = NULL;
    struct err *e = json_parse(c->in.buf, len, INPUT_MAX_BYTES, &command);

    strbuf_consume(&c->in, len + 1);
    c->is_busy = true;
    if (e || !json_is_object(command)) {
        console_refuse(c, e ? err_wrap(e, "command") : err_new(ERR_INVALID, "a command is a JSON object"), NULL);
        return;
    }
    c->handler.command(c->handler.arg, command);
}

static void
console_next(struct console *c)
{
    const char *end = c->in.len > 0 ? memchr(c->in.buf, '\n', c->in.len) : NULL;

    if (c->is_busy || c->is_closed) {
        return;
    }
    if (end) {
        run_line(c, (size_t)(end - c->in.buf));
    } else if (c->is_ended) {
        c->is_busy = true;
        c->handler.ended(c->handler.arg);
    }
}

void
console_answer(struct console *c, json_t *answer)
{
    BUG_ON(!c->is_busy || !answer);
    (void)json_dumpf(answer, stdout, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS));
    (void)fputc('\n', stdout);
    (void)fflush(stdout); /* who asked and does not listen has ended */
    json_decref(answer);
    c->is_busy = false;
    (void)uv_idle_start(&c->next, on_next);
}

void
console_refuse(struct console *c, struct err *e, json_t *facts)
{
    json_t *answer = json_pack("{s:b, s:s}", "ok", 0, "error", err_text(e));

    if (facts) {
        (void)json_object_update(answer, facts);
        json_decref(facts);
    }
    err_free(e);
    console_answer(c, answer);
}

struct err *
console_new(uv_loop_t *loop, int fd, const struct console_handler *handler, struct console **ret_console)
{
    struct console *c = XNEW(struct console);

    c->handler = *handler;
    c->in = STRBUF_INIT(INPUT_MAX_BYTES);
    c->n_handles = 2;
    BUG_ON(uv_idle_init(loop, &c->next) != 0 || uv_pipe_init(loop, &c->pipe, 0) != 0);
    c->next.data = c->pipe.data = c;
    int rc = uv_guess_handle(fd) == UV_NAMED_PIPE ? uv_pipe_open(&c->pipe, fd) : UV_EINVAL;
    if (rc == 0) {
        rc = uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read);
    }
    if (rc != 0) {
        return err_new(ERR_FATAL, "commands come through a pipe: %s", uv_strerror(rc)); /* the process ends over it */
    }
    *ret_console = c;
    return NULL;
}

static void
on_closed(uv_handle_t *handle)
{
    struct console *c = handle->data;

    c->n_handles--;
    if (c->n_handles == 0) {
        strbuf_fini(&c->in);
        free(c);
    }
}

void
console_close(struct console *c)
{
    if (c) {
        c->is_closed = true;
        uv_close((uv_handle_t *)&c->next, on_closed);
        uv_close((uv_handle_t *)&c->pipe, on_closed);
    }
}
