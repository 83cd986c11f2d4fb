// The server without Kubernetes: an endpoint that answers each message with itself, for tests of what strangers may do to it.
// Prints "port N M H", the common one, the endpoint's own and that for health, and its certificate's CA in the file named by the first argument. It expects
// nobody at the endpoint between SIGUSR1 and SIGUSR2; ends on SIGTERM, cleanly or with a message.
#include "serve/http/health.h"
#include "serve/http/server.h"
#include "serve/trust/certs.h"

#include <signal.h>

#include "base/clock.h"

struct echo {
    uv_loop_t loop;
    uv_signal_t stop, renew, busy, idle;
    struct server *server;
    struct certs_pair ca;
    struct metrics *metrics;
    bool is_ready;
    bool is_busy;
    unsigned n_open;
};

struct peer {
    uv_timer_t proof; /* "later": trusted after a while */
    struct server_stream *stream;
};

static const char *const names[] = {"localhost", NULL};

static void
on_proof(uv_timer_t *t)
{
    struct peer *p = t->data;

    if (p->stream) {
        server_stream_trust(p->stream);
    }
}

static void
on_timer_closed(uv_handle_t *h)
{
    free(h->data);
}

static bool
admit(void *arg, struct server_stream *s, const char *bearer, size_t len, struct server_refusal *ret)
{
    struct echo *echo = arg;
    struct peer *p;

    (void)len;
    if (!str_eq(bearer, "good") && !str_eq(bearer, "later") && !str_eq(bearer, "never")) {
        *ret = (struct server_refusal){401, "Unauthorized", "a bearer token is needed"};
        return false;
    }
    p = XNEW(struct peer);
    p->stream = s;
    p->proof.data = p;
    uv_timer_init(&echo->loop, &p->proof);
    if (str_eq(bearer, "good")) {
        server_stream_trust(s);
    } else if (str_eq(bearer, "later")) {
        uv_timer_start(&p->proof, on_proof, 300, 0);
    }
    server_stream_set(s, p);
    return true;
}

static void
opened(void *arg, struct server_stream *s)
{
    struct echo *echo = arg;

    (void)s;
    echo->n_open++;
}

static void
message(void *arg, struct server_stream *s, const char *text, size_t len)
{
    (void)arg;
    if (str_eq(text, "close me")) {
        server_stream_send(s, "bye", 3);
        server_stream_close(s, SERVER_CLOSE_TRY_LATER, "as you wish");
        return;
    }
    server_stream_send(s, text, len);
}

static void
closed(void *arg, struct server_stream *s)
{
    struct peer *p = server_stream_get(s);

    (void)arg;
    p->stream = NULL;
    uv_close((uv_handle_t *)&p->proof, on_timer_closed);
}

static bool
expects(void *arg)
{
    return !((struct echo *)arg)->is_busy;
}

static const char *
ready(void *arg)
{
    struct echo *echo = arg;

    return echo->is_ready ? NULL : "not yet";
}

/* As much as a page may be. */
static unsigned
get_large(void *arg, struct strbuf *body)
{
    char line[1024];

    (void)arg;
    memset(line, 'x', sizeof(line));
    for (size_t n = 0; n < SERVER_PAGE_MAX; n += sizeof(line)) {
        strbuf_add(body, line, sizeof(line));
    }
    return 200;
}

static void
die_if(struct err *e)
{
    if (e) {
        fprintf(stderr, "error: %s\n", err_text(e));
        exit(1);
    }
}

static void
on_stop(uv_signal_t *h, int signum)
{
    struct echo *echo = h->data;

    (void)signum;
    uv_close((uv_handle_t *)&echo->stop, NULL);
    uv_close((uv_handle_t *)&echo->renew, NULL);
    uv_close((uv_handle_t *)&echo->busy, NULL);
    uv_close((uv_handle_t *)&echo->idle, NULL);
    server_close(echo->server, NULL, NULL);
}

static void
on_busy(uv_signal_t *h, int signum)
{
    struct echo *echo = h->data;

    echo->is_busy = signum == SIGUSR1;
}

/* A new certificate by the same CA, and ready from now on. */
static void
on_renew(uv_signal_t *h, int signum)
{
    struct echo *echo = h->data;
    struct certs_pair leaf;

    (void)signum;
    echo->is_ready = true;
    die_if(certs_make_leaf(&echo->ca, names, clock_wall_s(), 3600, &leaf));
    die_if(server_set_certificate(echo->server, leaf.crt_pem, leaf.key_pem));
    certs_pair_fini(&leaf);
}

int
main(int argc, char **argv)
{
    struct echo echo = {.metrics = metrics_new()};
    struct health_checks checks = {.ready = ready, .arg = &echo, .metrics = echo.metrics};
    struct server_page pages[HEALTH_N_PAGES + 1];
    struct server_endpoint endpoint = {.path = "/echo",
                                       .protocol = "echo-v1",
                                       .message_max = 65536,
                                       .messages_per_s = 20,
                                       .ping_s = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 30,
                                       .expects = expects,
                                       .admit = admit,
                                       .opened = opened,
                                       .message = message,
                                       .closed = closed,
                                       .arg = &echo};
    struct server_options options = {.address = "127.0.0.1",
                                     .endpoint_port = -1,
                                     .pages = pages,
                                     .n_pages = ARRAY_LEN(pages),
                                     .endpoint = &endpoint,
                                     .health_port = -1,
                                     .waiting_max = 64,
                                     .metrics = echo.metrics};
    struct certs_pair leaf;
    AUTO(fclosep) FILE *f = argc > 1 ? fopen(argv[1], "we") : NULL;

    if (!f) {
        fprintf(stderr, "usage: echo_server CA-FILE [PING-SECONDS]\n");
        return 2;
    }
    uv_loop_init(&echo.loop);
    health_pages(&checks, pages);
    pages[HEALTH_N_PAGES] = (struct server_page){"/large", "text/plain", get_large, NULL, false};
    die_if(certs_make_ca(clock_wall_s(), 86400, &echo.ca));
    die_if(certs_make_leaf(&echo.ca, names, clock_wall_s(), 3600, &leaf));
    fputs(echo.ca.crt_pem, f);
    fflush(f);
    options.crt_pem = leaf.crt_pem;
    options.key_pem = leaf.key_pem;
    die_if(server_new(&echo.loop, &options, &echo.server));
    certs_pair_fini(&leaf);
    uv_signal_init(&echo.loop, &echo.stop);
    uv_signal_init(&echo.loop, &echo.renew);
    uv_signal_init(&echo.loop, &echo.busy);
    uv_signal_init(&echo.loop, &echo.idle);
    echo.stop.data = echo.renew.data = echo.busy.data = echo.idle.data = &echo;
    uv_signal_start(&echo.stop, on_stop, SIGTERM);
    uv_signal_start(&echo.renew, on_renew, SIGHUP);
    uv_signal_start(&echo.busy, on_busy, SIGUSR1);
    uv_signal_start(&echo.idle, on_busy, SIGUSR2);
    printf("port %d %d %d\n", server_port(echo.server), server_endpoint_port(echo.server),
           server_health_port(echo.server));
    fflush(stdout);
    uv_run(&echo.loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&echo.loop) != 0) {
        fprintf(stderr, "error: handles are left on the loop\n");
        return 1;
    }
    certs_pair_fini(&echo.ca);
    metrics_free(echo.metrics);
    return 0;
}
