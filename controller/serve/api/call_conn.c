// TLS on a socket that libuv watches; one request, one answer.
#include "serve/api/call_conn.h"

#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "base/strbuf.h"
#include "serve/api/call_text.h"

enum {
    REQUEST_MS = 10 * 1000, /* from the first record to the end of the request */
    WAIT_MS = 60 * 1000,    /* for whoever answers */
    REPLY_MS = 10 * 1000,   /* for the answer to be taken, and for the end */
    READ_BYTES = 16 * 1024,
    HEAD_BYTES = 1024,
    DRAIN_BYTES = 1024 * 1024, /* of a request that was refused before it was whole */
    PEER_SIZE = 128,
};

enum phase { PHASE_HANDSHAKE, PHASE_REQUEST, PHASE_WAIT, PHASE_REPLY, PHASE_DRAIN, PHASE_OVER };

struct call {
    struct call_conns *conns;
    enum phase phase;
    int fd;
    uv_poll_t poll;
    uv_timer_t timer;
    unsigned n_handles;
    int events; /* that are polled for */
    SSL *ssl;
    struct server_place *place; /* NULL: it is proven */
    struct http_reader *reader;
    bool is_whole;
    char peer[PEER_SIZE];
    struct strbuf reply;
    size_t sent;
    size_t drained;
    void (*gone)(void *arg);
    void *gone_arg;
    struct call *prev, *next;
};

static const struct metric m_requests = {
    .name = "vmbridge_api_requests_total",
    .help = "Requests of the aggregated API that were answered, by code.",
    .type = METRIC_COUNTER,
};
static const struct metric m_refused = {
    .name = "vmbridge_api_refused_total",
    .help = "Connections to the aggregated API that ended before an answer, by reason.",
    .type = METRIC_COUNTER,
};

static void on_poll(uv_poll_t *poll, int status, int events);

static void
count(const struct call *c, const struct metric *m, const char *labels)
{
    if (c->conns->options.metrics) {
        metrics_add(c->conns->options.metrics, m, labels, 1);
    }
}

static void
on_closed(uv_handle_t *h)
{
    struct call *c = h->data;
    struct call_conns *conns = c->conns;

    if (--c->n_handles > 0) {
        return;
    }
    if (c->ssl) { /* else it was taken */
        SSL_free(c->ssl);
        close(c->fd);
    }
    http_reader_free(c->reader);
    strbuf_fini(&c->reply);
    free(c);
    if (--conns->n == 0 && conns->is_closing) {
        conns->emptied(conns);
    }
}

void
call_conn_end(struct call *c)
{
    if (c->phase == PHASE_OVER) {
        return;
    }
    c->phase = PHASE_OVER;
    server_place_leave(STEAL(c->place));
    DL_DELETE(c->conns->first, c);
    (void)uv_poll_stop(&c->poll);
    uv_close((uv_handle_t *)&c->poll, on_closed);
    uv_close((uv_handle_t *)&c->timer, on_closed);
    if (c->gone) {
        c->gone(c->gone_arg);
    }
}

static void
lose(struct call *c, const char *label)
{
    count(c, &m_refused, label);
    call_conn_end(c);
}

static void
on_time(uv_timer_t *t)
{
    struct call *c = CONTAINER_OF(t, struct call, timer);

    if (c->phase == PHASE_DRAIN) {
        call_conn_end(c);
    } else {
        lose(c, "reason=\"slow\"");
    }
}

static void
await(struct call *c, int events)
{
    if (c->events != events) {
        c->events = events;
        BUG_ON(uv_poll_start(&c->poll, events, on_poll) != 0);
    }
}

static void
within(struct call *c, int64_t ms)
{
    BUG_ON(uv_timer_start(&c->timer, on_time, (uint64_t)ms, 0) != 0);
}

/* True: it is only waited for. */
static bool
wants_more(struct call *c, int rc)
{
    switch (SSL_get_error(c->ssl, rc)) {
    case SSL_ERROR_WANT_READ:
        await(c, UV_READABLE);
        return true;
    case SSL_ERROR_WANT_WRITE:
        await(c, UV_WRITABLE);
        return true;
    default:
        return false;
    }
}

/* The name that the caller is known by; one with a NUL in it is none. */
static void
learn_peer(struct call *c)
{
    X509 *crt = SSL_get0_peer_certificate(c->ssl);
    int n = crt ? X509_NAME_get_text_by_NID(X509_get_subject_name(crt), NID_commonName, c->peer, sizeof(c->peer)) : -1;

    if (n < 0 || (size_t)n != strlen(c->peer)) {
        c->peer[0] = '\0';
    }
}

static void
shake_hands(struct call *c)
{
    ERR_clear_error();
    int rc = SSL_accept(c->ssl);

    if (rc == 1) {
        learn_peer(c);
        server_place_leave(STEAL(c->place)); /* whoever a certificate proves takes no place of strangers */
        c->phase = PHASE_REQUEST;
        return;
    }
    if (!wants_more(c, rc)) {
        bool is_certificate = SSL_get_verify_result(c->ssl) != X509_V_OK ||
                              ERR_GET_REASON(ERR_peek_error()) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE;
        struct call_conns *conns = c->conns;
        ERR_clear_error();
        lose(c, is_certificate ? "reason=\"certificate\"" : "reason=\"handshake\"");
        if (is_certificate && !conns->is_closing) {
            conns->options.refused(conns->options.arg);
        }
    }
}

static void
refuse(struct call *c, unsigned status, const char *reason, const char *message)
{
    char body[512];
    int len =
        snprintf(body, sizeof(body),
                 "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"%s\","
                 "\"reason\":\"%s\",\"code\":%u}\n",
                 message, reason, status);

    call_reply(c, &(struct call_answer){
                      .status = status, .content_type = "application/json", .body = body, .len = (size_t)len});
}

static void
on_bytes(struct call *c, const char *bytes, size_t len)
{
    switch (http_reader_feed(c->reader, bytes, len)) {
    case HTTP_MORE:
        return;
    case HTTP_WHOLE:
        c->is_whole = true;
        c->phase = PHASE_WAIT;
        within(c, WAIT_MS);
        await(c, UV_DISCONNECT);
        c->conns->options.called(c->conns->options.arg, c);
        return;
    case HTTP_BAD:
        refuse(c, 400, "BadRequest", "the request is no HTTP/1.1 that is understood here");
        return;
    case HTTP_HEAD_TOO_LARGE:
        refuse(c, 431, "BadRequest", "the headers of the request are larger than their limit");
        return;
    case HTTP_BODY_TOO_LARGE:
        refuse(c, 413, "RequestEntityTooLarge", "the body of the request is larger than its limit");
        return;
    }
}

static void
read_request(struct call *c)
{
    char buf[READ_BYTES];

    while (c->phase == PHASE_REQUEST) {
        ERR_clear_error();
        int n = SSL_read(c->ssl, buf, sizeof(buf));

        if (n > 0) {
            on_bytes(c, buf, (size_t)n);
        } else if (wants_more(c, n)) {
            return;
        } else {
            /* With TLS 1.3 a caller learns after the handshake that its certificate was refused, and hangs up. */
            lose(c, "reason=\"gone\"");
        }
    }
}

/* So that what was sent is read before the socket is gone: a request that still comes would reset it. */
static void
drain(struct call *c)
{
    char buf[READ_BYTES];
    ssize_t n = recv(c->fd, buf, sizeof(buf), MSG_DONTWAIT);

    c->drained += n > 0 ? (size_t)n : 0;
    if (n == 0 || c->drained > DRAIN_BYTES || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        call_conn_end(c);
    }
}

static void
finish(struct call *c)
{
    ERR_clear_error();
    (void)SSL_shutdown(c->ssl); /* says that all was said; whether it arrives does not matter */
    ERR_clear_error();
    (void)shutdown(c->fd, SHUT_WR);
    c->phase = PHASE_DRAIN;
    await(c, UV_READABLE);
}

static void
write_reply(struct call *c)
{
    while (c->phase == PHASE_REPLY) {
        ERR_clear_error();
        size_t left = c->reply.len - c->sent;
        int rc = SSL_write(c->ssl, c->reply.buf + c->sent, (int)(left < READ_BYTES ? left : READ_BYTES));

        if (rc > 0) {
            c->sent += (size_t)rc;
            if (c->sent == c->reply.len) {
                finish(c);
            }
        } else if (wants_more(c, rc)) {
            return;
        } else {
            lose(c, "reason=\"gone\"");
        }
    }
}

static void
step(struct call *c)
{
    switch (c->phase) {
    case PHASE_HANDSHAKE:
        shake_hands(c);
        read_request(c); /* nothing, if it is not done yet */
        break;
    case PHASE_REQUEST:
        read_request(c);
        break;
    case PHASE_REPLY:
        write_reply(c);
        break;
    case PHASE_DRAIN:
        drain(c);
        break;
    case PHASE_WAIT:
    case PHASE_OVER:
        break;
    }
}

static void
on_poll(uv_poll_t *poll, int status, int events)
{
    struct call *c = CONTAINER_OF(poll, struct call, poll);

    if (status < 0 || (c->phase == PHASE_WAIT && events & UV_DISCONNECT)) {
        lose(c, "reason=\"gone\"");
        return;
    }
    step(c);
}

void
call_conn_new(struct call_conns *conns, int fd, struct server_place *place)
{
    static const int on = 1;
    struct call *c = XNEW(struct call);

    if (uv_poll_init(conns->options.loop, &c->poll, fd) != 0) { /* the kernel watches no more files */
        server_place_leave(place);
        close(fd);
        free(c);
        return;
    }
    SSL *ssl = SSL_new(conns->ssl);
    BUG_ON(!ssl || SSL_set_fd(ssl, fd) != 1);
    SSL_set_accept_state(ssl);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); /* slower without it, no more */
    c->conns = conns;
    c->fd = fd;
    c->ssl = ssl;
    c->place = place;
    c->reader = http_reader_new();
    c->reply = STRBUF_INIT(HEAD_BYTES);
    BUG_ON(uv_timer_init(conns->options.loop, &c->timer) != 0);
    c->poll.data = c->timer.data = c;
    c->n_handles = 2;
    conns->n++;
    DL_APPEND(conns->first, c);
    server_place_own(place, c);
    within(c, REQUEST_MS);
    await(c, UV_READABLE);
}

const struct http_request *
call_request(const struct call *c)
{
    return http_reader_request(c->reader);
}

const char *
call_peer(const struct call *c)
{
    return c->peer;
}

void
call_on_gone(struct call *c, void (*gone)(void *arg), void *arg)
{
    c->gone = gone;
    c->gone_arg = arg;
}

void
call_reply(struct call *c, const struct call_answer *a)
{
    bool is_head = c->is_whole && str_eq(http_reader_request(c->reader)->method, "HEAD");
    char label[32];

    c->gone = NULL;
    snprintf(label, sizeof(label), "code=\"%u\"", a->status);
    count(c, &m_requests, label);
    c->reply = STRBUF_INIT(HEAD_BYTES + a->len);
    BUG_ON(!call_text(&c->reply, a, a->status != 304 && !is_head));
    c->phase = PHASE_REPLY;
    within(c, REPLY_MS);
    write_reply(c);
}

void
call_take(struct call *c, SSL **ret_ssl, int *ret_fd)
{
    BUG_ON(c->phase != PHASE_WAIT);
    count(c, &m_requests, "code=\"101\"");
    *ret_ssl = STEAL(c->ssl);
    *ret_fd = c->fd;
    c->gone = NULL;
    call_conn_end(c);
}
