// Both ends of a line between launcher and gateway.
#include "loopback.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum { HEAD_MAX = 2048, CA_S = 86400, LEAF_S = 3600, PING_S = 600, MESSAGE_MAX = 64 * 1024 };

const char loopback_frame[8] = {'\x81', '\x82', 0, 0, 0, 0, '{', '}'};

static void
die(const char *why)
{
    fprintf(stderr, "loopback: %s\n", why);
    _exit(2);
}

static void
die_if(struct err *e)
{
    if (e) {
        die(err_text(e));
    }
}

struct server *
loopback_server(uv_loop_t *loop, struct server_endpoint *endpoint, struct certs_pair *ret_ca)
{
    static const char *const names[] = {"localhost", NULL};
    struct server_options options = {.address = "127.0.0.1", .endpoint = endpoint};
    struct server *server = NULL;
    struct certs_pair leaf;

    endpoint->path = "/v1/launcher";
    endpoint->protocol = "bench";
    endpoint->message_max = MESSAGE_MAX;
    endpoint->ping_s = PING_S;
    die_if(certs_make_ca(clock_wall_s(), CA_S, ret_ca));
    die_if(certs_make_leaf(ret_ca, names, clock_wall_s(), LEAF_S, &leaf));
    options.crt_pem = leaf.crt_pem;
    options.key_pem = leaf.key_pem;
    die_if(server_new(loop, &options, &server));
    certs_pair_fini(&leaf);
    return server;
}

SSL *
loopback_dial(SSL_CTX *ctx, int port)
{
    static const char request[] =
        "GET /v1/launcher HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: bench\r\nAuthorization: Bearer x\r\n\r\n";
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    SSL *ssl = SSL_new(ctx);
    char head[HEAD_MAX];

    if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0 ||
        connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0 || SSL_set_fd(ssl, fd) != 1 ||
        SSL_set1_host(ssl, "localhost") != 1 || SSL_connect(ssl) != 1 ||
        SSL_write(ssl, request, sizeof(request) - 1) <= 0 || SSL_read(ssl, head, sizeof(head)) <= 0) {
        die("a connection failed");
    }
    return ssl;
}
