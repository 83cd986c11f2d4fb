// uv_spawn with two pipes and a timer; freed when all four handles are closed.
#include "effect/child.h"

#include <sys/resource.h>

#include "base/utf8.h"

enum { WORDS_MAX = 500 }; /* of a program's complaint */

struct child {
    uv_process_t process;
    uv_pipe_t out_pipe;
    uv_pipe_t err_pipe;
    uv_timer_t timer;
    const char *name;
    struct strbuf out;
    struct strbuf err;
    bool is_late;
    int64_t exit_status;
    int term_signal;
    unsigned n_waited; /* exit and the ends of two pipes */
    unsigned n_handles;
    char block[4096];
    void (*done)(void *arg, struct err *error, const char *out);
    void *arg;
};

static void on_exit_status(uv_process_t *process, int64_t exit_status, int term_signal);
static void on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf);
static void on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf);
static void on_late(uv_timer_t *t);
static void part_done(struct child *c);
static void child_close(struct child *c);
static void on_closed(uv_handle_t *h);

static void
limit(const struct child *c, const struct child_limits *l)
{
    const struct rlimit memory = {l->memory_bytes, l->memory_bytes};
    const struct rlimit cpu = {l->cpu_s, l->cpu_s};

    if (l->memory_bytes > 0) {
        (void)prlimit(c->process.pid, RLIMIT_AS, &memory, NULL); /* it may have ended already */
    }
    if (l->cpu_s > 0) {
        (void)prlimit(c->process.pid, RLIMIT_CPU, &cpu, NULL);
    }
}

static void
init_handles(struct child *c, uv_loop_t *loop)
{
    BUG_ON(uv_pipe_init(loop, &c->out_pipe, 0) != 0);
    BUG_ON(uv_pipe_init(loop, &c->err_pipe, 0) != 0);
    BUG_ON(uv_timer_init(loop, &c->timer) != 0);
    c->process.data = c->out_pipe.data = c->err_pipe.data = c->timer.data = c;
    c->n_handles = 4;
}

struct err *
child_run(uv_loop_t *loop, const char *const args[], const struct child_limits *limits,
          void (*done)(void *arg, struct err *error, const char *out), void *arg)
{
    struct child *c = XNEW(struct child);

    c->name = args[0];
    c->out = c->err = STRBUF_INIT(CHILD_OUTPUT_MAX);
    c->done = done;
    c->arg = arg;
    c->n_waited = 3;
    init_handles(c, loop);
    uv_stdio_container_t stdio[3] = {
        {.flags = UV_IGNORE},
        {.flags = (uv_stdio_flags)(UV_CREATE_PIPE | UV_WRITABLE_PIPE), .data.stream = (uv_stream_t *)&c->out_pipe},
        {.flags = (uv_stdio_flags)(UV_CREATE_PIPE | UV_WRITABLE_PIPE), .data.stream = (uv_stream_t *)&c->err_pipe},
    };
    uv_process_options_t options = {
        .exit_cb = on_exit_status,
        .file = args[0],
        .args = (char **)(uintptr_t)args, /* libuv only reads them */
        .stdio_count = 3,
        .stdio = stdio,
    };
    int rc = uv_spawn(loop, &c->process, &options);
    if (rc != 0) {
        c->done = NULL;
        child_close(c);
        return err_new(ERR_RETRY, "start %s: %s", args[0], uv_strerror(rc));
    }
    limit(c, limits);
    BUG_ON(uv_read_start((uv_stream_t *)&c->out_pipe, on_alloc, on_read) != 0);
    BUG_ON(uv_read_start((uv_stream_t *)&c->err_pipe, on_alloc, on_read) != 0);
    uv_timer_start(&c->timer, on_late, (uint64_t)limits->timeout_ms, 0);
    return NULL;
}

static void
on_exit_status(uv_process_t *process, int64_t exit_status, int term_signal)
{
    struct child *c = process->data;

    c->exit_status = exit_status;
    c->term_signal = term_signal;
    part_done(c);
}

static void
on_alloc(uv_handle_t *h, size_t suggested, uv_buf_t *buf)
{
    struct child *c = h->data;

    (void)suggested; /* one block is enough */
    *buf = uv_buf_init(c->block, sizeof(c->block));
}

static void
on_read(uv_stream_t *s, ssize_t n, const uv_buf_t *buf)
{
    struct child *c = s->data;

    if (n > 0) {
        strbuf_add(s == (uv_stream_t *)&c->out_pipe ? &c->out : &c->err, buf->base, (size_t)n);
    } else if (n < 0) {
        uv_read_stop(s);
        part_done(c);
    }
}

static void
on_late(uv_timer_t *t)
{
    struct child *c = t->data;

    c->is_late = true;
    (void)uv_process_kill(&c->process, SIGKILL); /* it may have ended just now */
}

static struct err *
child_error(const struct child *c)
{
    if (c->is_late) {
        return err_new(ERR_RETRY, "%s took too long and was stopped", c->name);
    }
    if (c->term_signal != 0) {
        return err_new(ERR_RETRY, "%s was ended by signal %d", c->name, c->term_signal);
    }
    if (c->exit_status != 0) {
        const char *words = strbuf_str(&c->err);
        return err_new(ERR_RETRY, "%s: %.*s", c->name, (int)utf8_cut(words, WORDS_MAX), words);
    }
    return c->out.over ? err_new(ERR_INVALID, "%s wrote too much", c->name) : NULL;
}

static void
part_done(struct child *c)
{
    if (--c->n_waited == 0) {
        c->done(c->arg, child_error(c), strbuf_str(&c->out));
        child_close(c);
    }
}

static void
child_close(struct child *c)
{
    uv_close((uv_handle_t *)&c->process, on_closed);
    uv_close((uv_handle_t *)&c->out_pipe, on_closed);
    uv_close((uv_handle_t *)&c->err_pipe, on_closed);
    uv_close((uv_handle_t *)&c->timer, on_closed);
}

static void
on_closed(uv_handle_t *h)
{
    struct child *c = h->data;

    if (--c->n_handles == 0) {
        strbuf_fini(&c->out);
        strbuf_fini(&c->err);
        free(c);
    }
}
