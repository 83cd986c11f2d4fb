// The server as a whole, libwebsockets and OpenSSL with it: what a stranger sends on a connection, raw or inside of TLS, in pieces, at once
// as a request or behind an upgrade as frames. Afterwards nothing of the connection is left.
// The first byte says how (enum how), the second how long the pieces are.
#include "fuzz.h"

#include "serve/http/health.h"
#include "serve/http/server_state.h"
#include "serve/trust/certs.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum how { HOW_TLS = 1, HOW_UPGRADE = 2, HOW_HEALTH_PORT = 4 };
enum { TURNS_MAX = 5000, QUIET_TURNS = 6, PIECES_MAX = 64, INPUT_MAX = 64 * 1024 };

static const char upgrade[] = "GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                              "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
                              "Sec-WebSocket-Protocol: echo-v1\r\nAuthorization: Bearer good\r\n\r\n";

static struct world {
    uv_loop_t loop;
    struct metrics *metrics;
    struct health_checks checks;
    struct server_page pages[HEALTH_N_PAGES];
    struct server_endpoint endpoint;
    struct server *server;
    SSL_CTX *client;
    int user; /* of each stream; only its address matters */
} world;

static bool
admit(void *arg, struct server_stream *s, const char *bearer, size_t len, struct server_refusal *ret_refusal)
{
    BUG_ON(bearer && strnlen(bearer, len + 1) != len);
    if (!str_eq(bearer, "good")) {
        *ret_refusal = (struct server_refusal){401, "Unauthorized", "a bearer token is needed"};
        return false;
    }
    server_stream_set(s, arg);
    server_stream_trust(s);
    return true;
}

static void
opened(void *arg, struct server_stream *s)
{
    BUG_ON(server_stream_get(s) != arg);
}

static void
message(void *arg, struct server_stream *s, const char *text, size_t len)
{
    (void)arg;
    BUG_ON(len > world.endpoint.message_max || text[len] != '\0');
    server_stream_send(s, text, len);
}

static void
closed(void *arg, struct server_stream *s)
{
    BUG_ON(server_stream_get(s) != arg);
}

static void
die_if(struct err *e)
{
    if (e) {
        (void)fprintf(stderr, "%s\n", err_text(e));
        abort();
    }
}

/* Once for all inputs; lives as long as the process. */
static void
world_open(void)
{
    static const char *const names[] = {"localhost", NULL};
    struct certs_pair ca, leaf;

    world.metrics = metrics_new();
    world.checks.metrics = world.metrics;
    health_pages(&world.checks, world.pages);
    world.endpoint = (struct server_endpoint){.path = "/echo",
                                              .protocol = "echo-v1",
                                              .message_max = 4096,
                                              .messages_per_s = 1000,
                                              .ping_s = 30,
                                              .admit = admit,
                                              .opened = opened,
                                              .message = message,
                                              .closed = closed,
                                              .arg = &world.user};
    BUG_ON(uv_loop_init(&world.loop) != 0);
    die_if(certs_make_ca(clock_wall_s(), 86400, &ca));
    die_if(certs_make_leaf(&ca, names, clock_wall_s(), 3600, &leaf));
    const struct server_options options = {.address = "127.0.0.1",
                                           .health_port = -1,
                                           .crt_pem = leaf.crt_pem,
                                           .key_pem = leaf.key_pem,
                                           .pages = world.pages,
                                           .n_pages = HEALTH_N_PAGES,
                                           .endpoint = &world.endpoint,
                                           .metrics = world.metrics};
    die_if(server_new(&world.loop, &options, &world.server));
    certs_pair_fini(&leaf);
    certs_pair_fini(&ca);
    world.client = SSL_CTX_new(TLS_client_method());
    BUG_ON(!world.client);
}

static void
turns(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        (void)uv_run(&world.loop, UV_RUN_NOWAIT);
    }
}

static int
dial(int port)
{
    static const struct linger at_once = {.l_onoff = 1};
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    BUG_ON(fd < 0 || connect(fd, (const struct sockaddr *)&a, sizeof(a)) != 0);
    BUG_ON(fcntl(fd, F_SETFL, O_NONBLOCK) != 0);
    BUG_ON(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)) != 0);
    return fd;
}

/* NULL: the server would not have it. */
static SSL *
secure(int fd)
{
    SSL *ssl = SSL_new(world.client);

    BUG_ON(!ssl || SSL_set_fd(ssl, fd) != 1);
    for (unsigned i = 0; i < TURNS_MAX; i++) {
        int rc = SSL_connect(ssl);

        if (rc == 1) {
            return ssl;
        }
        if (SSL_get_error(ssl, rc) != SSL_ERROR_WANT_READ) {
            break;
        }
        turns(1);
    }
    SSL_free(ssl);
    return NULL;
}

/* What the peer does not take any more is dropped. */
static void
send_piece(int fd, SSL *ssl, const void *data, size_t len)
{
    char rest[4096];

    if (ssl) {
        (void)SSL_write(ssl, data, (int)len);
    } else {
        (void)send(fd, data, len, MSG_NOSIGNAL);
    }
    turns(2);
    while (ssl ? SSL_read(ssl, rest, sizeof(rest)) > 0 : recv(fd, rest, sizeof(rest), MSG_DONTWAIT) > 0) {
        turns(1);
    }
}

static void
send_all(int fd, SSL *ssl, const uint8_t *data, size_t size, size_t step)
{
    for (size_t at = 0; at < size; at += step) {
        send_piece(fd, ssl, data + at, size - at < step ? size - at : step);
    }
}

/* The connection's end is noticed, and nothing of it is left. */
static void
settle(void)
{
    struct server *s = world.server;
    unsigned n = 0;

    turns(QUIET_TURNS);
    while (n < TURNS_MAX && s->n_conns > 0) {
        turns(1);
        n++;
    }
    BUG_ON(s->n_conns > 0 || s->n_streams > 0 || s->waiting || s->parting || s->bodies || s->body_bytes > 0);
    for (size_t i = 0; i < s->n_listeners; i++) {
        BUG_ON(s->listeners[i].strangers.peers || s->listeners[i].proven.peers);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > INPUT_MAX) {
        return 0;
    }
    if (!world.server) {
        world_open();
        turns(QUIET_TURNS);
    }
    size_t step = (size_t)data[1] + 1;
    bool is_health = (data[0] & HOW_HEALTH_PORT) != 0;
    bool is_tls = !is_health && (data[0] & HOW_TLS) != 0;
    int fd = dial(is_health ? server_health_port(world.server) : server_port(world.server));
    SSL *ssl = is_tls ? secure(fd) : NULL;

    step = step < size / PIECES_MAX ? size / PIECES_MAX : step;
    if (ssl || !is_tls) {
        if (data[0] & HOW_UPGRADE) {
            send_piece(fd, ssl, upgrade, sizeof(upgrade) - 1);
        }
        send_all(fd, ssl, data + 2, size - 2, step);
    }
    SSL_free(ssl);
    (void)close(fd);
    settle();
    return 0;
}
