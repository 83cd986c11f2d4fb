// Runs ourselves with --try, reads one line, and does not wait longer than CHECK_MS: a process that hangs in the kernel does not even die.
#include "check.h"

#include "base/strbuf.h"

#include <signal.h>

enum { LINE_MAX_BYTES = 512, PROGRAM_SIZE = 4096, N_HANDLES = 3, LINGER_MS = 300 };

struct check {
    uv_process_t process;
    uv_pipe_t out;
    uv_timer_t timer;
    unsigned n_open; /* handles that are not closed yet */
    bool is_ended;   /* the process has gone, or never was */
    bool is_silent;  /* its line is read to the end */
    int64_t exit_status;
    struct strbuf line;
    char piece[LINE_MAX_BYTES];
    const struct device *device;
    void (*done)(void *arg, const struct err *verdict); /* NULL once it was called */
    void *arg;
};

static void check_late(uv_timer_t *timer);
static void check_forgotten(uv_timer_t *timer);
static void check_exit(uv_process_t *process, int64_t exit_status, int signal);
static void check_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);
static void check_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf);
static void check_closed(uv_handle_t *handle);
static void close_handle(uv_handle_t *handle);
static void finish(struct check *c, struct err *verdict);
static int spawn(struct check *c, uv_loop_t *loop, const char *root);

struct check *
check_new(uv_loop_t *loop, const struct device *d, const char *root, void (*done)(void *arg, const struct err *verdict),
          void *arg)
{
    struct check *c = XNEW(struct check);

    c->line = STRBUF_INIT(LINE_MAX_BYTES);
    c->device = d;
    c->done = done;
    c->arg = arg;
    BUG_ON(uv_timer_init(loop, &c->timer) != 0);
    BUG_ON(uv_pipe_init(loop, &c->out, 0) != 0);
    c->timer.data = c;
    c->out.data = c;
    c->process.data = c;
    c->n_open = N_HANDLES;
    int rc = spawn(c, loop, root);
    if (rc != 0) {
        c->is_ended = true;
        c->exit_status = EXIT_FAILURE;
        (void)strbuf_addf(&c->line, "the check does not start: %s", uv_strerror(rc));
        close_handle((uv_handle_t *)&c->process);
        c->is_silent = true;
        BUG_ON(uv_timer_start(&c->timer, check_late, 0, 0) != 0); /* tell it from the loop */
        return c;
    }
    BUG_ON(uv_timer_start(&c->timer, check_late, CHECK_MS, 0) != 0);
    BUG_ON(uv_read_start((uv_stream_t *)&c->out, check_buffer, check_read) != 0);
    return c;
}

void
check_cancel(struct check *c)
{
    if (c && c->done) {
        c->done = NULL;
        finish(c, NULL);
    }
}

/* The child writes its reason on what is its standard output. */
static int
spawn(struct check *c, uv_loop_t *loop, const char *root)
{
    AUTO(freep) char *device = xasprintf("--device=%s=%s", c->device->name, c->device->path);
    AUTO(freep) char *place = xasprintf("--root=%s", root);
    char name[] = "vmbridge-node", verb[] = "--try", program[PROGRAM_SIZE];
    size_t size = sizeof(program);
    char *args[] = {name, verb, device, place, NULL};
    uv_stdio_container_t stdio[] = {
        {.flags = UV_IGNORE},
        {.flags = (uv_stdio_flags)(UV_CREATE_PIPE | UV_WRITABLE_PIPE), .data.stream = (uv_stream_t *)&c->out},
        {.flags = UV_IGNORE},
    };
    const uv_process_options_t options = {
        .file = program, .args = args, .exit_cb = check_exit, .stdio = stdio, .stdio_count = ARRAY_LEN(stdio)};

    if (uv_exepath(program, &size) != 0) {
        (void)snprintf(program, sizeof(program), "/proc/self/exe");
    }
    return uv_spawn(loop, &c->process, &options);
}

static struct err *
verdict_of(const struct check *c)
{
    if (c->exit_status == EXIT_SUCCESS) {
        return NULL;
    }
    return c->line.len > 0 ? err_new(ERR_RETRY, "%s", strbuf_str(&c->line))
                           : err_new(ERR_RETRY, "the check of %s ended with %d", c->device->path, (int)c->exit_status);
}

static void
check_late(uv_timer_t *timer)
{
    struct check *c = timer->data;

    finish(c, c->is_ended ? verdict_of(c)
                          : err_new(ERR_RETRY, "%s hangs: no answer within %d ms", c->device->path, CHECK_MS));
}

/* The loop may end without the child, which is freed when the kernel lets it go. */
static void
check_forgotten(uv_timer_t *timer)
{
    struct check *c = timer->data;

    uv_unref((uv_handle_t *)&c->process);
    close_handle((uv_handle_t *)timer);
}

static void
check_exit(uv_process_t *process, int64_t exit_status, int signal)
{
    struct check *c = process->data;

    c->is_ended = true;
    c->exit_status = signal != 0 ? EXIT_FAILURE : exit_status;
    close_handle((uv_handle_t *)process);
    if (!c->done) {
        close_handle((uv_handle_t *)&c->timer); /* it was only waited for */
    } else if (c->is_silent) {
        finish(c, verdict_of(c));
    }
}

static void
check_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct check *c = stream->data;

    if (n > 0) {
        (void)strbuf_add(&c->line, buf->base, (size_t)n); /* more than a line is not wanted */
        return;
    }
    if (n < 0) {
        (void)uv_read_stop(stream);
        c->is_silent = true;
        if (c->is_ended && c->done) {
            finish(c, verdict_of(c));
        }
    }
}

static void
check_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    struct check *c = handle->data;

    (void)suggested;
    *ret_buf = uv_buf_init(c->piece, sizeof(c->piece));
}

/* Takes 'verdict'. A child that still runs is killed, and gone at once; one that hangs in the kernel is waited for no longer than LINGER_MS. */
static void
finish(struct check *c, struct err *verdict)
{
    AUTO(err_freep) struct err *e = verdict;
    void (*done)(void *arg, const struct err *verdict) = c->done;

    c->done = NULL;
    if (!c->is_ended) {
        (void)uv_process_kill(&c->process, SIGKILL); /* it may just have ended */
        BUG_ON(uv_timer_start(&c->timer, check_forgotten, LINGER_MS, 0) != 0);
    } else {
        close_handle((uv_handle_t *)&c->timer);
    }
    close_handle((uv_handle_t *)&c->out);
    if (done) {
        done(c->arg, e);
    }
}

static void
close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle)) {
        uv_close(handle, check_closed);
    }
}

static void
check_closed(uv_handle_t *handle)
{
    struct check *c = handle->data;

    c->n_open--;
    if (c->n_open == 0) {
        strbuf_fini(&c->line);
        free(c);
    }
}
