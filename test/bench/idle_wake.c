// What it would cost to keep idle launchers without a connection and wake them by an authenticated datagram: verifying one, the time
// from a wake to the launcher's first message against that over an open connection, CPU on both sides, memory per sleeper.
// Measured for docs/decisions/idle-connections.md; the product has no such datagram.
#include "loopback.h"

#include <malloc.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <uthash.h>

enum {
    WAKES = 200,
    WARM_UP = 20,
    VERIFIES = 200000,
    FORGED = 20000,
    FORGED_BURST = 64,
    SLEEPERS = 10000,
    ANSWER_MAX = 2048,
    UID_SIZE = 37,
    MAC_SIZE = 32
};

/* What would go over the wire: who is woken, a number that grows, and the proof. */
struct wake {
    char magic[8];
    uint64_t number;
    char pod_uid[UID_SIZE - 1];
    unsigned char mac[MAC_SIZE];
} __attribute__((packed));

enum { SIGNED_SIZE = offsetof(struct wake, mac) };

/* All that the controller would have to remember, would it not ask its cache of pods. */
struct sleeper {
    char pod_uid[UID_SIZE];
    unsigned char address[16];
    uint64_t number;
    UT_hash_handle hh;
};

struct mac {
    EVP_MAC *algorithm;
    EVP_MAC_CTX *ctx;
};

struct bench {
    uv_loop_t loop;
    uv_timer_t next;
    struct server *server;
    struct certs_pair ca;
    struct mac mac;
    unsigned char key[MAC_SIZE];
    struct sockaddr_in sleeper; /* where the launcher waits */
    int udp;
    uint64_t number;
    double sent_us;
    double cold_us[WAKES];
    double warm_us[WAKES + 1]; /* the first one is cold */
    size_t n_cold;
    size_t n_warm;
    double cpu_before_us;
    double cpu_us; /* of the gateway's process, for all wakes */
};

static const char master[MAC_SIZE] = "the gateway's own, of its Secret";
static const char pod_uid[UID_SIZE] = "6f1c8f52-0d5e-4b8a-9a44-3d1f0a6b7c21";

static void
die(const char *why)
{
    fprintf(stderr, "idle_wake: %s\n", why);
    exit(2);
}

static double
now_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double
cpu_us(void)
{
    struct rusage u;

    (void)getrusage(RUSAGE_SELF, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static void
mac_init(struct mac *m)
{
    m->algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
    m->ctx = EVP_MAC_CTX_new(m->algorithm);
}

static void
mac_fini(struct mac *m)
{
    EVP_MAC_CTX_free(m->ctx);
    EVP_MAC_free(m->algorithm);
}

static void
mac_make(const struct mac *m, const void *key, const void *data, size_t len, unsigned char ret_mac[MAC_SIZE])
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string("digest", digest, 0), OSSL_PARAM_construct_end()};
    size_t size = 0;

    if (EVP_MAC_init(m->ctx, key, MAC_SIZE, params) != 1 || EVP_MAC_update(m->ctx, data, len) != 1 ||
        EVP_MAC_final(m->ctx, ret_mac, &size, MAC_SIZE) != 1) {
        die("HMAC failed");
    }
}

/* As the controller would: the launcher's key comes from its own and the pod, so it is nowhere kept. */
static void
wake_sign(const struct mac *m, const char *uid, uint64_t number, struct wake *ret_wake)
{
    unsigned char key[MAC_SIZE];

    memcpy(ret_wake->magic, "vmbwake1", sizeof(ret_wake->magic));
    ret_wake->number = number;
    memcpy(ret_wake->pod_uid, uid, sizeof(ret_wake->pod_uid));
    mac_make(m, master, uid, UID_SIZE - 1, key);
    mac_make(m, key, ret_wake, SIGNED_SIZE, ret_wake->mac);
}

/* As the launcher would, with the key that it was given over its last connection. */
static bool
wake_is_good(const struct mac *m, const unsigned char *key, const struct wake *w, uint64_t last)
{
    unsigned char mac[MAC_SIZE];

    mac_make(m, key, w, SIGNED_SIZE, mac);
    return CRYPTO_memcmp(mac, w->mac, MAC_SIZE) == 0 && w->number > last;
}

static int
udp_socket(struct sockaddr_in *ret_address)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&a, len) != 0 || getsockname(fd, (struct sockaddr *)&a, &len) != 0) {
        die("no UDP socket");
    }
    *ret_address = a;
    return fd;
}

static void
measure_datagram(const struct bench *b)
{
    struct wake w, forged;
    struct sockaddr_in to;
    int fd = udp_socket(&to);
    size_t n_good = 0;
    double cpu = 0, before = cpu_us();

    for (uint64_t i = 1; i <= VERIFIES; i++) {
        wake_sign(&b->mac, pod_uid, i, &w);
    }
    printf("controller: key and datagram for a wake %31.2f us CPU\n", (cpu_us() - before) / VERIFIES);
    before = cpu_us();
    for (uint64_t i = 1; i <= VERIFIES; i++) {
        n_good += wake_is_good(&b->mac, b->key, &w, VERIFIES - 1);
    }
    printf("launcher: a datagram verified %41.2f us CPU\n", (cpu_us() - before) / VERIFIES);
    forged = w;
    forged.mac[0] ^= 1;
    for (size_t i = 0; i < FORGED; i += FORGED_BURST) {
        for (size_t k = 0; k < FORGED_BURST; k++) {
            (void)!sendto(fd, &forged, sizeof(forged), 0, (struct sockaddr *)&to, sizeof(to));
        }
        before = cpu_us();
        for (size_t k = 0; k < FORGED_BURST && recv(fd, &w, sizeof(w), MSG_DONTWAIT) == sizeof(w); k++) {
            n_good += wake_is_good(&b->mac, b->key, &w, 0);
        }
        cpu += cpu_us() - before;
    }
    close(fd);
    if (n_good != VERIFIES) {
        die("a forged datagram was taken, or a good one was not");
    }
    printf("launcher: a forged datagram received and refused %22.2f us CPU\n", cpu / FORGED);
}

static void
measure_sleepers(void)
{
    struct sleeper *all = NULL, *s, *tmp;
    struct mallinfo2 before = mallinfo2();

    for (unsigned i = 0; i < SLEEPERS; i++) {
        s = XNEW(struct sleeper);
        (void)snprintf(s->pod_uid, sizeof(s->pod_uid), "%08x-0d5e-4b8a-9a44-3d1f0a6b7c21", i);
        HASH_ADD_STR(all, pod_uid, s);
    }
    struct mallinfo2 after = mallinfo2();
    printf("controller: memory per sleeper, in a table of %5d %19.2f KiB\n", SLEEPERS,
           (double)(after.uordblks + after.hblkhd - before.uordblks - before.hblkhd) / SLEEPERS / 1024);
    HASH_ITER(hh, all, s, tmp) {
        HASH_DEL(all, s);
        free(s);
    }
}

/* Says its state, and again for each message, until the gateway closes. */
static void
talk(SSL *ssl)
{
    unsigned char head[ANSWER_MAX];
    int n = 1;

    while (n > 0 && SSL_write(ssl, loopback_frame, sizeof(loopback_frame)) > 0) {
        n = SSL_read(ssl, head, sizeof(head));
        if (n > 0 && (head[0] & 0x0f) == 8) { /* close */
            break;
        }
    }
    (void)SSL_shutdown(ssl); /* the connection goes either way */
    close(SSL_get_fd(ssl));
    SSL_free(ssl);
}

static void
launcher(const struct bench *b, int udp, int port, int news)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    AUTO(fclosep) FILE *pem = fmemopen(b->ca.crt_pem, strlen(b->ca.crt_pem), "re");
    uint64_t last = 0;
    struct wake w;

    BUG_ON(!pem);
    X509 *ca = PEM_read_X509(pem, NULL, NULL, NULL);
    BUG_ON(X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca) != 1);
    X509_free(ca);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    double cpu = 0;
    for (size_t i = 0; i <= WARM_UP + WAKES; i++) { /* the last one stays for the warm part */
        if (i == WARM_UP) {
            cpu = cpu_us();
        } else if (i == WARM_UP + WAKES) {
            cpu = (cpu_us() - cpu) / WAKES;
        }
        if (recv(udp, &w, sizeof(w), 0) != sizeof(w) || !wake_is_good(&b->mac, b->key, &w, last)) {
            _exit(3);
        }
        last = w.number;
        talk(loopback_dial(ctx, port));
    }
    _exit(write(news, &cpu, sizeof(cpu)) == sizeof(cpu) ? 0 : 2);
}

static void
send_wake(uv_timer_t *t)
{
    struct bench *b = CONTAINER_OF(t, struct bench, next);
    struct wake w;

    b->number++;
    if (b->number == WARM_UP + 1) {
        b->cpu_before_us = cpu_us();
    } else if (b->number == WARM_UP + WAKES + 1) {
        b->cpu_us = cpu_us() - b->cpu_before_us;
    }
    b->sent_us = now_us();
    wake_sign(&b->mac, pod_uid, b->number, &w);
    if (sendto(b->udp, &w, sizeof(w), 0, (struct sockaddr *)&b->sleeper, sizeof(b->sleeper)) != sizeof(w)) {
        die("cannot send a datagram");
    }
}

static bool
admit(void *arg, struct server_stream *s, const char *bearer, size_t len, struct server_refusal *ret)
{
    (void)arg;
    (void)bearer;
    (void)len;
    (void)ret;
    server_stream_trust(s);
    return true;
}

static void
opened(void *arg, struct server_stream *s)
{
    (void)arg;
    (void)s;
}

static void
message(void *arg, struct server_stream *s, const char *text, size_t len)
{
    struct bench *b = arg;
    double took = now_us() - b->sent_us;

    if (b->number <= WARM_UP) {
        server_stream_close(s, SERVER_CLOSE_NORMAL, "sleep");
    } else if (b->number <= WARM_UP + WAKES) {
        b->cold_us[b->n_cold++] = took;
        server_stream_close(s, SERVER_CLOSE_NORMAL, "sleep");
    } else {
        b->warm_us[b->n_warm++] = took;
        if (b->n_warm > WAKES) {
            server_stream_close(s, SERVER_CLOSE_NORMAL, "done");
            return;
        }
        b->sent_us = now_us();
        server_stream_send(s, text, len);
    }
}

static void
closed(void *arg, struct server_stream *s)
{
    struct bench *b = arg;

    (void)s;
    if (b->n_warm == 0) {
        uv_timer_start(&b->next, send_wake, 5, 0); /* the launcher has gone to sleep by then */
        return;
    }
    uv_close((uv_handle_t *)&b->next, NULL);
    server_close(b->server, NULL, NULL);
}

static void
start_server(struct bench *b)
{
    static struct server_endpoint endpoint = {
        .messages_per_s = 100000, .admit = admit, .opened = opened, .message = message, .closed = closed};

    endpoint.arg = b;
    b->server = loopback_server(&b->loop, &endpoint, &b->ca);
}

static int
by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void
print_times(const char *what, double *us, size_t n)
{
    qsort(us, n, sizeof(*us), by_value);
    printf("%-50s P50 %8.2f ms, P95 %8.2f ms (%zu)\n", what, us[n / 2] / 1000, us[n * 95 / 100] / 1000, n);
}

int
main(void)
{
    static struct bench b;
    int news[2], status = 0;
    double launcher_us = 0;

    mac_init(&b.mac);
    mac_make(&b.mac, master, pod_uid, UID_SIZE - 1, b.key);
    measure_datagram(&b);
    measure_sleepers();
    (void)fflush(stdout);
    uv_loop_init(&b.loop);
    start_server(&b);
    b.udp = udp_socket(&b.sleeper);
    if (pipe(news) != 0) {
        die("no pipe");
    }
    if (fork() == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        launcher(&b, b.udp, server_port(b.server), news[1]);
    }
    uv_timer_init(&b.loop, &b.next);
    uv_timer_start(&b.next, send_wake, 50, 0);
    uv_run(&b.loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&b.loop); /* what is left on it would show as a leak */
    if (read(news[0], &launcher_us, sizeof(launcher_us)) != sizeof(launcher_us) || wait(&status) < 0 || status != 0 ||
        b.n_cold != WAKES || b.n_warm <= WAKES) {
        die("the launcher's process failed");
    }
    print_times("woken: datagram to first message over TLS", b.cold_us, WAKES);
    print_times("connected: message to answer", b.warm_us + 1, WAKES);
    printf("gateway: CPU for a wake, connection and its end %23.2f ms\n", b.cpu_us / WAKES / 1000);
    printf("launcher: the same %52.2f ms\n", launcher_us / 1000);
    certs_pair_fini(&b.ca);
    mac_fini(&b.mac);
    close(b.udp);
    return 0;
}
