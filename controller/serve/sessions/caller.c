// OpenSSL below, wslay above: wslay reads by a callback, and writes into the buffer of what is to be sent.
#include "serve/sessions/caller.h"

#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>
#include <wslay/wslay.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "base/utf8.h"

enum {
    OUT_MAX = 32 * 1024, /* the reply or a piece, pongs and the close frame: a cap that is never reached */
    WRITE_BYTES = 16 * 1024,
    CONTROL_MAX = 125, /* of a frame that is no data: RFC 6455, 5.5 */
    CODE_BYTES = 2,
    FRAMES_AT_ONCE = 64, /* that hold no data: somebody else's turn */
    PONGS_WAITING_MAX = 4096,
};

struct caller {
    struct callers *all;
    struct caller_owner owner; /* zeroed: it says good-bye */
    uv_poll_t poll;
    int events; /* that are polled for */
    int fd;
    SSL *ssl;
    wslay_frame_context_ptr frames;
    struct strbuf out;
    bool is_full;       /* the owner waits for 'drained' */
    bool is_hungry;     /* the owner waits for 'ready' */
    bool is_read_stuck; /* OpenSSL has to write before it can read */
    bool is_broken;     /* nothing can be read or written any more */
    bool is_closing;
    bool has_heard_close;
    bool in_message; /* more fragments are to come */
    bool is_over;
    uint64_t frame_left; /* bytes of the frame at hand that have not come */
    unsigned char control[CONTROL_MAX];
    size_t control_len;
    int64_t heard_ms;
    int64_t ends_ms; /* while it closes */
    struct caller *prev, *next;
};

static void on_poll(uv_poll_t *poll, int status, int events);

static void
watch(struct caller *c)
{
    int events =
        (c->is_hungry && !c->is_read_stuck ? UV_READABLE : 0) | (c->out.len > 0 || c->is_read_stuck ? UV_WRITABLE : 0);

    if (c->is_over || c->events == events) {
        return;
    }
    c->events = events;
    BUG_ON((events ? uv_poll_start(&c->poll, events, on_poll) : uv_poll_stop(&c->poll)) != 0);
}

/* The connection's end */

static void
on_closed(uv_handle_t *h)
{
    struct caller *c = h->data;
    struct callers *all = c->all;

    SSL_free(c->ssl);
    close(c->fd);
    wslay_frame_context_free(c->frames);
    strbuf_fini(&c->out);
    free(c);
    if (--all->n == 0 && all->emptied) {
        all->emptied(all->arg);
    }
}

static void
finish(struct caller *c)
{
    if (c->is_over) {
        return;
    }
    c->is_over = true;
    if (!c->is_broken) {
        ERR_clear_error();
        (void)SSL_shutdown(c->ssl); /* says that all was said; whether it arrives does not matter */
        ERR_clear_error();
    }
    DL_DELETE(c->all->first, c);
    (void)uv_poll_stop(&c->poll);
    uv_close((uv_handle_t *)&c->poll, on_closed);
}

/* False: the connection has failed. */
static bool
flush(struct caller *c)
{
    while (c->out.len > 0 && !c->is_broken) {
        ERR_clear_error();
        int n = SSL_write(c->ssl, c->out.buf, (int)(c->out.len < WRITE_BYTES ? c->out.len : WRITE_BYTES));

        if (n > 0) {
            strbuf_consume(&c->out, (size_t)n);
        } else if (SSL_get_error(c->ssl, n) == SSL_ERROR_WANT_WRITE) {
            break;
        } else {
            c->is_broken = true;
        }
    }
    if (c->out.len == 0) {
        strbuf_fini(&c->out); /* an idle stream holds no buffer */
        c->out = STRBUF_INIT(OUT_MAX);
    }
    return !c->is_broken;
}

/* Frames */

static ssize_t
on_frame_write(const uint8_t *data, size_t len, int flags, void *arg)
{
    struct caller *c = arg;

    (void)flags;
    return strbuf_add(&c->out, data, len) ? (ssize_t)len : -1;
}

static ssize_t
on_frame_read(uint8_t *buf, size_t len, int flags, void *arg)
{
    struct caller *c = arg;

    (void)flags;
    ERR_clear_error();
    int n = c->is_broken ? 0 : SSL_read(c->ssl, buf, (int)len);
    if (n > 0) {
        return n;
    }
    int why = c->is_broken ? SSL_ERROR_SYSCALL : SSL_get_error(c->ssl, n);
    c->is_read_stuck = why == SSL_ERROR_WANT_WRITE;
    c->is_broken = why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE;
    return -1;
}

static bool
put_frame(struct caller *c, uint8_t opcode, const void *data, size_t len)
{
    struct wslay_frame_iocb io = {.fin = 1, .opcode = opcode, .payload_length = len, .data = data, .data_length = len};

    return wslay_frame_send(c->frames, &io) == (ssize_t)len && !c->out.over;
}

/* The owner ends it. */
static enum caller_pulled
lose(struct caller *c, enum caller_close code, const char *why)
{
    if (c->owner.gone) {
        const struct caller_owner owner = c->owner;
        owner.gone(owner.arg, code, why);
    } else {
        finish(c);
    }
    return CALLER_GONE;
}

static bool
hears_close(struct caller *c)
{
    c->has_heard_close = true;
    (void)lose(c, CALLER_NORMAL, "the other side has closed it");
    return false;
}

/* False: it is over. */
static bool
take_control(struct caller *c, const struct wslay_frame_iocb *io)
{
    memcpy(c->control + c->control_len, io->data, io->data_length); /* 125 bytes at most: wslay has looked */
    c->control_len += io->data_length;
    if (c->frame_left > 0) {
        return true;
    }
    size_t len = c->control_len;
    c->control_len = 0;
    if (io->opcode == WSLAY_CONNECTION_CLOSE) {
        return hears_close(c);
    }
    if (io->opcode == WSLAY_PING && !c->is_closing && c->out.len < PONGS_WAITING_MAX) {
        (void)put_frame(c, WSLAY_PONG, c->control, len);
        (void)flush(c); /* it is seen at the next read */
    }
    return true;
}

/* NULL: nothing is wrong with the beginning of this frame. */
static const char *
frame_fault(const struct caller *c, const struct wslay_frame_iocb *io)
{
    bool is_control = wslay_is_ctrl_frame(io->opcode);

    if (!io->mask) {
        return "a client's frames are masked";
    }
    if (io->rsv) {
        return "no extension was agreed on";
    }
    if (is_control) {
        return io->opcode > WSLAY_PONG ? "no such frame is known" : NULL;
    }
    if (io->opcode > WSLAY_BINARY_FRAME) {
        return "no such frame is known";
    }
    return c->in_message == (io->opcode == WSLAY_CONTINUATION_FRAME) ? NULL
                                                                     : "a message begins in the middle of another one";
}

static const char *
begin_frame(struct caller *c, const struct wslay_frame_iocb *io)
{
    const char *fault = frame_fault(c, io);

    c->frame_left = io->payload_length;
    if (!fault && !wslay_is_ctrl_frame(io->opcode)) {
        c->in_message = !io->fin;
    }
    return fault;
}

/* One frame, or a part of one. */
static enum caller_pulled
pull_once(struct caller *c, struct wslay_frame_iocb *io)
{
    ssize_t n = wslay_frame_recv(c->frames, io);

    if (n == WSLAY_ERR_WANT_READ && c->is_broken) {
        return lose(c, CALLER_GOING_AWAY, "the other side is gone");
    }
    if (n == WSLAY_ERR_WANT_READ) {
        c->is_hungry = true;
        watch(c);
        return CALLER_NOTHING;
    }
    const char *fault = n < 0 ? "this is no frame" : c->frame_left == 0 ? begin_frame(c, io) : NULL;
    if (fault) {
        return lose(c, CALLER_PROTOCOL, fault);
    }
    c->frame_left -= io->data_length;
    return CALLER_BYTES;
}

enum caller_pulled
caller_pull(struct caller *c, unsigned char *ret_bytes, size_t *ret_len)
{
    *ret_len = 0;
    for (unsigned i = 0; i < FRAMES_AT_ONCE; i++) {
        struct wslay_frame_iocb io = {0};
        enum caller_pulled pulled = pull_once(c, &io);

        if (pulled != CALLER_BYTES) {
            return pulled;
        }
        c->heard_ms = clock_mono_ms();
        if (wslay_is_ctrl_frame(io.opcode)) {
            if (!take_control(c, &io)) {
                return CALLER_GONE;
            }
        } else if (io.data_length > 0) {
            BUG_ON(io.data_length > CALLER_PIECE_MAX);
            memcpy(ret_bytes, io.data, io.data_length);
            *ret_len = io.data_length;
            return CALLER_BYTES;
        }
    }
    return CALLER_BYTES;
}

enum caller_pushed
caller_push(struct caller *c, const void *bytes, size_t len)
{
    if (!put_frame(c, WSLAY_BINARY_FRAME, bytes, len) || !flush(c)) {
        return CALLER_BROKEN;
    }
    c->is_full = c->out.len > 0;
    watch(c);
    return c->is_full ? CALLER_FULL : CALLER_TAKEN;
}

void
caller_ping(struct caller *c)
{
    if (c->out.len == 0 && !c->is_closing) {
        (void)put_frame(c, WSLAY_PING, NULL, 0);
        (void)flush(c); /* it is seen at the next read */
        watch(c);
    }
}

bool
caller_is_silent(const struct caller *c, int64_t now_ms)
{
    return now_ms - c->heard_ms > CALLER_SILENT_MS;
}

/* Saying good-bye: all is sent, and the other side's close frame, or its end, is awaited. */
static void
part(struct caller *c)
{
    unsigned char scratch[CALLER_PIECE_MAX];
    size_t n = 0;

    if (c->is_broken || (c->has_heard_close && c->out.len == 0)) {
        finish(c);
        return;
    }
    for (unsigned i = 0; i < FRAMES_AT_ONCE && !c->has_heard_close; i++) {
        if (caller_pull(c, scratch, &n) != CALLER_BYTES) {
            return;
        }
    }
    c->is_hungry = true; /* he talks on: in the next turn */
    watch(c);
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
    struct caller *c = CONTAINER_OF(poll, struct caller, poll);
    bool may_read = status < 0 || events & UV_READABLE || (c->is_read_stuck && events & UV_WRITABLE);

    if (status < 0) {
        c->is_broken = true;
    }
    c->is_read_stuck = false;
    if (!flush(c)) {
        (void)lose(c, CALLER_GOING_AWAY, "the other side is gone");
        return;
    }
    if (c->is_closing) {
        watch(c);
        part(c);
        return;
    }
    bool is_drained = c->is_full && c->out.len == 0;
    bool is_ready = c->is_hungry && may_read;
    c->is_full = c->is_full && !is_drained;
    c->is_hungry = c->is_hungry && !is_ready;
    watch(c);
    if (is_drained) {
        c->owner.drained(c->owner.arg);
    }
    if (is_ready && !c->is_closing) {
        c->owner.ready(c->owner.arg);
    }
}

struct caller *
caller_new(struct callers *all, SSL *ssl, int fd, const struct caller_owner *owner, const char *reply)
{
    static const struct wslay_frame_callbacks callbacks = {.send_callback = on_frame_write,
                                                           .recv_callback = on_frame_read};
    struct caller *c = XNEW(struct caller);

    c->all = all;
    c->owner = *owner;
    c->ssl = ssl;
    c->fd = fd;
    c->out = STRBUF_INIT(OUT_MAX);
    c->heard_ms = clock_mono_ms();
    BUG_ON(wslay_frame_context_init(&c->frames, &callbacks, c) != 0);
    BUG_ON(uv_poll_init(all->loop, &c->poll, fd) != 0); /* it was polled until now: the kernel has room for it */
    c->poll.data = c;
    all->n++;
    DL_APPEND(all->first, c);
    BUG_ON(!strbuf_adds(&c->out, reply));
    (void)flush(c); /* a failure is seen at the first read */
    watch(c);
    return c;
}

void
caller_close(struct caller *c, enum caller_close code, const char *why)
{
    unsigned char text[CONTROL_MAX] = {(unsigned char)((unsigned)code >> 8), (unsigned char)code};
    size_t len = utf8_cut(why, sizeof(text) - CODE_BYTES);

    memcpy(text + CODE_BYTES, why, len);
    c->owner = (struct caller_owner){0};
    c->is_closing = true;
    c->is_full = false;
    c->is_hungry = true;
    c->ends_ms = clock_mono_ms() + CALLER_CLOSING_MS;
    if (!put_frame(c, WSLAY_CONNECTION_CLOSE, text, CODE_BYTES + len) || !flush(c) ||
        (c->has_heard_close && c->out.len == 0)) {
        finish(c);
        return;
    }
    watch(c);
}

void
callers_sweep(struct callers *all, int64_t now_ms)
{
    struct caller *c, *tmp;

    DL_FOREACH_SAFE(all->first, c, tmp) {
        if (c->is_closing && c->ends_ms <= now_ms) {
            finish(c);
        }
    }
}
