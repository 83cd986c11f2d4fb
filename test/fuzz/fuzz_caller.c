// A caller of a stream, on a real TLS connection: any bytes as his frames, in pieces, while something is said to him. What is pulled was
// sent, the owner hears once that he is gone, and afterwards nothing of him is left.
// The first byte says how long the pieces are.
#include "fuzz.h"

#include "base/clock.h"
#include "base/err.h"
#include "serve/sessions/caller.h"
#include "serve/trust/certs.h"

#include <fcntl.h>
#include <openssl/pem.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

enum { INPUT_MAX = 64 * 1024, TURNS_MAX = 200 };

static struct world {
    uv_loop_t loop;
    SSL_CTX *server, *client;
    struct callers callers;
    bool is_gone;
} world;

static void
die_if(struct err *e)
{
    if (e) {
        (void)fprintf(stderr, "%s\n", err_text(e));
        abort();
    }
}

static void
use(SSL_CTX *ctx, const struct certs_pair *pair)
{
    BIO *crt = BIO_new_mem_buf(pair->crt_pem, -1), *key = BIO_new_mem_buf(pair->key_pem, -1);
    X509 *x = PEM_read_bio_X509(crt, NULL, NULL, NULL);
    EVP_PKEY *k = PEM_read_bio_PrivateKey(key, NULL, NULL, NULL);

    BUG_ON(SSL_CTX_use_certificate(ctx, x) != 1 || SSL_CTX_use_PrivateKey(ctx, k) != 1);
    X509_free(x);
    EVP_PKEY_free(k);
    BIO_free(crt);
    BIO_free(key);
}

/* Once for all inputs; lives as long as the process. */
static void
world_open(void)
{
    struct certs_pair pair = {0};

    BUG_ON(uv_loop_init(&world.loop) != 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR);
    world.callers.loop = &world.loop;
    world.server = SSL_CTX_new(TLS_server_method());
    world.client = SSL_CTX_new(TLS_client_method());
    die_if(certs_make_ca(clock_wall_s(), CERTS_DAY_S, &pair));
    use(world.server, &pair);
    SSL_CTX_set_mode(world.server, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    free(pair.crt_pem);
    free(pair.key_pem);
}

static SSL *
end_of(SSL_CTX *ctx, int fd)
{
    SSL *ssl = SSL_new(ctx);

    BUG_ON(!ssl || SSL_set_fd(ssl, fd) != 1 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0);
    return ssl;
}

static void
shake_hands(SSL *server, SSL *client)
{
    SSL_set_accept_state(server);
    SSL_set_connect_state(client);
    for (unsigned i = 0; i < TURNS_MAX; i++) {
        int a = SSL_do_handshake(client), b = SSL_do_handshake(server);
        if (a == 1 && b == 1) {
            return;
        }
    }
    abort();
}

static void
on_ready(void *arg)
{
    BUG_ON(arg != &world || world.is_gone);
}

static void
on_gone(void *arg, enum caller_close code, const char *why)
{
    BUG_ON(arg != &world || world.is_gone || !why || code < CALLER_NORMAL);
    world.is_gone = true;
}

/* All that is there; how many bytes. */
static size_t
pull_all(struct caller *c)
{
    unsigned char bytes[CALLER_PIECE_MAX];
    size_t all = 0, n = 0;

    while (!world.is_gone) {
        enum caller_pulled pulled = caller_pull(c, bytes, &n);
        BUG_ON((pulled == CALLER_GONE) != world.is_gone || n > sizeof(bytes));
        if (pulled != CALLER_BYTES) {
            break;
        }
        all += n;
    }
    return all;
}

static void
drain(SSL *client)
{
    char bytes[4096];

    while (SSL_read(client, bytes, sizeof(bytes)) > 0) {
    }
}

static void
talk(struct caller *c, SSL *client, const uint8_t *data, size_t size)
{
    size_t piece = data[0] ? data[0] * 16U : 1, pulled = 0;
    bool is_full = false;

    for (size_t at = 1; at < size && !world.is_gone; at += piece) {
        size_t n = size - at < piece ? size - at : piece;
        if (SSL_write(client, data + at, (int)n) <= 0) {
            break;
        }
        pulled += pull_all(c);
        BUG_ON(pulled > at + n);
        if (!world.is_gone && !is_full) {
            is_full = caller_push(c, data + at, n < CALLER_PIECE_MAX ? n : CALLER_PIECE_MAX) != CALLER_TAKEN;
        }
        drain(client);
        uv_run(&world.loop, UV_RUN_NOWAIT);
    }
    if (!world.is_gone) {
        caller_ping(c);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct caller_owner owner = {.ready = on_ready, .drained = on_ready, .gone = on_gone, .arg = &world};
    int fds[2];

    if (size == 0 || size > INPUT_MAX) {
        return 0;
    }
    if (!world.server) {
        world_open();
    }
    BUG_ON(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0);
    SSL *server = end_of(world.server, fds[0]), *client = end_of(world.client, fds[1]);
    shake_hands(server, client);
    world.is_gone = false;
    struct caller *c = caller_new(&world.callers, server, fds[0], &owner, "HTTP/1.1 101 x\r\n\r\n");
    talk(c, client, data, size);
    caller_close(c, CALLER_GOING_AWAY, "good-bye");
    drain(client);
    SSL_free(client);
    close(fds[1]);
    for (unsigned i = 0; i < TURNS_MAX && world.callers.n > 0; i++) {
        uv_run(&world.loop, UV_RUN_NOWAIT);
    }
    BUG_ON(world.callers.n > 0 || world.callers.first);
    return 0;
}
