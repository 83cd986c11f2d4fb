// What an idle launcher connection costs the gateway's process: a server, a second process that connects and waits, and the
// server's memory before and after. Prints KiB per connection beside the budget; exits 1 above it.
#include "loopback.h"
#include "measure.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BUDGET_KIB = 20, CONNECTIONS = 1000, WARM_UP = 50, SETTLE_MS = 1500, ANSWER_MAX = 2048 };

struct bench {
    uv_loop_t loop;
    uv_pipe_t news; /* from the client: 'w' warmed up, 'd' all connected */
    uv_timer_t wait;
    struct server *server;
    int to_client; /* a byte lets it go on, closed ends it */
    long n_connections;
    double before_kib, after_kib;
    size_t n_open;
    char stage;
    char byte;
};

static void
die(const char *why)
{
    fprintf(stderr, "gateway_idle: %s\n", why);
    exit(2);
}

static bool
admit(void *arg, struct server_stream *s, const char *bearer, size_t len, struct server_refusal *ret)
{
    (void)arg;
    (void)bearer;
    (void)len;
    (void)ret;
    /* what the gateway remembers of a launcher is about that large */
    server_stream_set(s, xcalloc(1, 400));
    server_stream_trust(s);
    return true;
}

static void
opened(void *arg, struct server_stream *s)
{
    struct bench *b = arg;

    (void)s;
    b->n_open++;
}

static void
message(void *arg, struct server_stream *s, const char *text, size_t len)
{
    (void)arg;
    server_stream_send(s, text, len);
}

static void
closed(void *arg, struct server_stream *s)
{
    struct bench *b = arg;

    free(server_stream_get(s));
    b->n_open--;
}

/* One launcher: a line, one message there and one back. Never freed: it ends with the process. */
static void
connect_one(SSL_CTX *ctx, int port)
{
    SSL *ssl = loopback_dial(ctx, port);
    char answer[ANSWER_MAX];

    if (SSL_write(ssl, loopback_frame, sizeof(loopback_frame)) <= 0 || SSL_read(ssl, answer, sizeof(answer)) <= 0) {
        fprintf(stderr, "gateway_idle: a connection failed\n");
        _exit(2);
    }
}

static void
client(int port, long n, int news, int orders)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    char byte;

    for (long i = 0; i < WARM_UP; i++) {
        connect_one(ctx, port);
    }
    if (write(news, "w", 1) != 1 || read(orders, &byte, 1) != 1) {
        _exit(2);
    }
    for (long i = 0; i < n; i++) {
        connect_one(ctx, port);
    }
    if (write(news, "d", 1) != 1) {
        _exit(2);
    }
    (void)!read(orders, &byte, 1); /* until the server has measured */
    _exit(0);
}

static void
on_settled(uv_timer_t *t)
{
    struct bench *b = t->data;

    if (b->stage == 'w') {
        b->before_kib = measure_private_kib();
        if (write(b->to_client, "g", 1) != 1) {
            die("the client is gone");
        }
        return;
    }
    b->after_kib = measure_private_kib();
    if (b->n_open != (size_t)b->n_connections + WARM_UP) {
        die("not all connections are open");
    }
    close(b->to_client);
    uv_close((uv_handle_t *)&b->news, NULL);
    uv_close((uv_handle_t *)&b->wait, NULL);
    server_close(b->server, NULL, NULL);
}

static void
on_alloc(uv_handle_t *h, size_t size, uv_buf_t *ret_buf)
{
    struct bench *b = h->data;

    (void)size;
    *ret_buf = uv_buf_init(&b->byte, 1);
}

static void
on_news(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct bench *b = stream->data;

    (void)buf;
    if (n == 0) {
        return; /* nothing yet */
    }
    if (n < 0) {
        die("the client is gone");
    }
    b->stage = b->byte;
    uv_timer_start(&b->wait, on_settled, SETTLE_MS, 0);
}

static void
start_server(struct bench *b)
{
    static struct server_endpoint endpoint = {
        .messages_per_s = 20, .admit = admit, .opened = opened, .message = message, .closed = closed};
    struct certs_pair ca;

    endpoint.arg = b;
    b->server = loopback_server(&b->loop, &endpoint, &ca);
    certs_pair_fini(&ca);
}

int
main(int argc, char **argv)
{
    struct bench b = {.n_connections = argc > 1 ? strtol(argv[1], NULL, 10) : CONNECTIONS};
    int news[2], orders[2], status = 0;
    double per_kib;

    if (b.n_connections <= 0) {
        fprintf(stderr, "usage: gateway_idle [CONNECTIONS]\n");
        return 2;
    }
    uv_loop_init(&b.loop);
    start_server(&b);
    if (pipe(news) != 0 || pipe(orders) != 0) {
        return 2;
    }
    b.to_client = orders[1];
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(orders[1]);
        client(server_port(b.server), b.n_connections, news[1], orders[0]);
    }
    close(news[1]);
    close(orders[0]);
    uv_pipe_init(&b.loop, &b.news, 0);
    uv_pipe_open(&b.news, news[0]);
    uv_timer_init(&b.loop, &b.wait);
    b.news.data = b.wait.data = &b;
    uv_read_start((uv_stream_t *)&b.news, on_alloc, on_news);
    uv_run(&b.loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&b.loop); /* what is left on it would show as a leak */
    wait(&status);
    per_kib = (b.after_kib - b.before_kib) / (double)b.n_connections;
    printf(
        "gateway, idle connection: %.1f KiB each (%ld connections; budget %d KiB); process before: %.1f MiB private\n",
        per_kib, b.n_connections, BUDGET_KIB, b.before_kib / 1024);
    return per_kib > BUDGET_KIB ? 1 : 0;
}
