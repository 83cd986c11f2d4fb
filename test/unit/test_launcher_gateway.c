// The launcher's line to the gateway against the real server: proof, trust, state, wishes, redirects, and dialling again.
#include "base/clock.h"
#include "report/gateway_client.h"
#include "serve/http/server.h"
#include "serve/trust/certs.h"

#include <check.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Client and server live as long as their process, and a test ends in the middle of their lives: nothing to learn from leaks. */
const char *__asan_default_options(void); // NOLINT(readability-identifier-naming): the sanitizer's name
const char *
__asan_default_options(void) // NOLINT(readability-identifier-naming)
{
    return "detect_leaks=0";
}

#define NAME "vmbridge-gateway.vmbridge.svc"

struct world {
    uv_loop_t *loop;
    struct server *server;
    struct server_endpoint endpoint;
    struct gateway_client *client;
    struct certs_pair ca;
    char address[64];
    const char *name; /* that the client asks for */
    int64_t dial_max_ms;
    struct certs_pair leaf;
    char pins_path[64]; /* files of the process: a test's last world has them */
    char token_path[64];
    struct log log;
    const char *answer; /* sent to whoever opens */
    unsigned n_opened;
    char bearer[256];
    char heard[LAUNCHER_MSG_MAX];
    unsigned n_heard;
    int64_t desired_port;
    struct server_stream *stream;
};

static void
put(const char *path, const char *text)
{
    AUTO(fclosep) FILE *f = fopen(path, "we");

    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(fputs(text, f), 0);
}

static bool
on_admit(void *arg, struct server_stream *s, const char *bearer, size_t bearer_len, struct server_refusal *refusal)
{
    struct world *w = arg;

    (void)refusal; /* everybody is let in: who is who is the gateway's matter */
    (void)snprintf(w->bearer, sizeof(w->bearer), "%.*s", (int)bearer_len, bearer ? bearer : "");
    w->stream = s;
    return true;
}

static void
on_opened(void *arg, struct server_stream *s)
{
    struct world *w = arg;

    w->n_opened++;
    server_stream_trust(s);
    if (w->answer) {
        server_stream_send(s, w->answer, strlen(w->answer));
    }
}

static void
on_message(void *arg, struct server_stream *s, const char *text, size_t len)
{
    struct world *w = arg;

    (void)s; /* one client */
    (void)snprintf(w->heard, sizeof(w->heard), "%.*s", (int)len, text);
    w->n_heard++;
}

static void
on_closed(void *arg, struct server_stream *s)
{
    struct world *w = arg;

    if (w->stream == s) {
        w->stream = NULL;
    }
}

static void
on_desired(void *arg, const struct launcher_desired *desired)
{
    struct world *w = arg;

    w->desired_port = desired->open_ports.n > 0 ? desired->open_ports.items[0].port : -1;
}

/* Has the client trust the CAs in 'bundle'. */
static void
trust(const struct world *w, const char *bundle)
{
    AUTO(freep) char *pins = certs_pins(bundle);

    put(w->pins_path, pins);
}

/* The server shows 'chain' from now on, and proves with the key of 'leaf'. */
static void
show(struct world *w, const struct certs_pair *leaf, const char *chain)
{
    struct err *e = server_set_certificate(w->server, chain, leaf->key_pem);

    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
}

static void
world_init(struct world *w)
{
    const char *const names[] = {NAME, NULL};
    int64_t now_s = clock_wall_s();

    *w = (struct world){.loop = uv_default_loop(), .name = NAME, .log = {.part = "test"}};
    (void)snprintf(w->pins_path, sizeof(w->pins_path), "/tmp/lgw-pins.%d", getpid());
    (void)snprintf(w->token_path, sizeof(w->token_path), "/tmp/lgw-token.%d", getpid());
    ck_assert_ptr_null(certs_make_ca(now_s, CERTS_DAY_S, &w->ca));
    ck_assert_ptr_null(certs_make_leaf(&w->ca, names, now_s, CERTS_DAY_S / 2, &w->leaf));
    AUTO(freep) char *chain = xasprintf("%s%s", w->leaf.crt_pem, w->ca.crt_pem);
    trust(w, w->ca.crt_pem);
    put(w->token_path, "token-1\n");
    w->endpoint = (struct server_endpoint){.path = LAUNCHER_MSG_PATH,
                                           .protocol = LAUNCHER_MSG_PROTOCOL,
                                           .message_max = LAUNCHER_MSG_MAX,
                                           .messages_per_s = 100,
                                           .ping_s = 30,
                                           .admit = on_admit,
                                           .opened = on_opened,
                                           .message = on_message,
                                           .closed = on_closed,
                                           .arg = w};
    const struct server_options o = {
        .address = "127.0.0.1", .crt_pem = chain, .key_pem = w->leaf.key_pem, .endpoint = &w->endpoint};
    struct err *e = server_new(w->loop, &o, &w->server);
    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    (void)snprintf(w->address, sizeof(w->address), "127.0.0.1:%d", server_port(w->server));
}

static void
dial(struct world *w)
{
    const struct gateway_client_options o = {.address = w->address,
                                             .dial_max_ms = w->dial_max_ms,
                                             .name = w->name,
                                             .pins_path = w->pins_path,
                                             .token_path = w->token_path,
                                             .log = &w->log,
                                             .desired = on_desired,
                                             .arg = w};
    struct err *e = gateway_client_new(w->loop, &o, &w->client);

    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
}

static void
turn(struct world *w)
{
    (void)uv_run(w->loop, UV_RUN_NOWAIT);
    (void)poll(NULL, 0, 2);
}

/* Runs the loop until *n is at least 'want', or some seconds have passed. */
static bool
reaches(struct world *w, const unsigned *n, unsigned want)
{
    int64_t end_ms = clock_mono_ms() + 8000;

    while (*n < want && clock_mono_ms() < end_ms) {
        turn(w);
    }
    return *n >= want;
}

START_TEST(tells_and_hears)
{
    struct world w;

    world_init(&w);
    w.answer = "{\"type\":\"desired\",\"version\":1,\"vmiUID\":\"u\",\"openPorts\":[{\"port\":22}],\"new\":{}}";
    dial(&w);
    gateway_client_tell(w.client, "old");
    gateway_client_tell(w.client, "state 1");
    ck_assert(!gateway_client_is_told(w.client));
    ck_assert(reaches(&w, &w.n_heard, 1));
    ck_assert_str_eq(w.heard, "state 1");
    ck_assert_str_eq(w.bearer, "token-1");
    ck_assert(gateway_client_is_told(w.client));
    gateway_client_tell(w.client, "state 2");
    ck_assert(reaches(&w, &w.n_heard, 2));
    ck_assert_str_eq(w.heard, "state 2");
    ck_assert_int_eq(w.desired_port, 22);
}
END_TEST

/* A line that was cut is dialled again with the token as it is then, and the whole state is said again. */
START_TEST(dials_again)
{
    struct world w;

    world_init(&w);
    dial(&w);
    gateway_client_tell(w.client, "state 1");
    ck_assert(reaches(&w, &w.n_heard, 1));
    put(w.token_path, "token-2");
    server_stream_close(w.stream, SERVER_CLOSE_GOING_AWAY, "restart");
    ck_assert(reaches(&w, &w.n_heard, 2));
    ck_assert_str_eq(w.heard, "state 1");
    ck_assert_str_eq(w.bearer, "token-2");
}
END_TEST

/* A peer that takes the connection and is silent for ever, as one that libwebsockets would not tell the end of. */
START_TEST(gives_a_silent_try_up)
{
    struct world w;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(a);
    unsigned n = 0;
    int64_t end_ms = clock_mono_ms() + 8000; /* libwebsockets would take 10 s for one */

    world_init(&w);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert(fd >= 0 && bind(fd, (const struct sockaddr *)&a, len) == 0 && listen(fd, 16) == 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&a, &len), 0);
    (void)snprintf(w.address, sizeof(w.address), "127.0.0.1:%d", ntohs(a.sin_port));
    w.dial_max_ms = 200;
    dial(&w);
    while (n < 3 && clock_mono_ms() < end_ms) {
        turn(&w);
        n += accept4(fd, NULL, NULL, SOCK_CLOEXEC) >= 0; /* never closed: the end of one would be a word */
    }
    ck_assert_uint_ge(n, 3);
    close(fd);
}
END_TEST

START_TEST(follows_a_redirect)
{
    struct world a, b;
    char redirect[200];

    world_init(&b);
    world_init(&a);
    AUTO(freep) char *both = xasprintf("%s%s", a.ca.crt_pem, b.ca.crt_pem);
    trust(&a, both); /* as while a CA is renewed */
    (void)snprintf(redirect, sizeof(redirect), "{\"type\":\"redirect\",\"version\":1,\"address\":\"%s\"}", b.address);
    a.answer = redirect;
    dial(&a);
    gateway_client_tell(a.client, "state");
    ck_assert(reaches(&a, &b.n_heard, 1));
    ck_assert_str_eq(b.heard, "state");
    ck_assert_uint_ge(a.n_opened, 1);
}
END_TEST

/* What a hostile gateway may show; CAs and leaves of the same names, the client pins world.ca unless it is said. */
struct forgery {
    const char *name;
    const char *host;  /* in the leaf; NULL: NAME */
    bool by_other;     /* the leaf is signed by another CA of the same name */
    bool shows_ca;     /* behind the leaf */
    bool shows_other;  /* the other CA too */
    bool pins_leaf;    /* the pin is that of the leaf */
    bool is_expired;   /* the leaf's life is over */
    bool ca_is_over;   /* the CA's */
    bool signs_itself; /* the leaf, which is pinned */
    const char *words; /* these are the pins */
    bool is_honest;    /* for comparison: is talked to */
};

static const struct forgery forgeries[] = {
    {.name = "the pinned CA and its leaf", .shows_ca = true, .is_honest = true},
    {.name = "and another CA that proves nothing", .shows_ca = true, .shows_other = true, .is_honest = true},
    {.name = "no CA at all"},
    {.name = "another CA of the same name", .by_other = true, .shows_other = true},
    {.name = "the pinned CA, and a leaf of another", .by_other = true, .shows_ca = true},
    {.name = "both CAs, and a leaf of the one that is not pinned", .by_other = true, .shows_ca = true, .shows_other = true},
    {.name = "a pinned leaf", .pins_leaf = true},
    {.name = "a pinned leaf with its CA", .pins_leaf = true, .shows_ca = true},
    {.name = "a pinned leaf that signed itself", .pins_leaf = true, .signs_itself = true},
    {.name = "an expired leaf", .shows_ca = true, .is_expired = true},
    {.name = "an expired CA", .shows_ca = true, .ca_is_over = true},
    {.name = "another host", .shows_ca = true, .host = "somebody.else"},
    {.name = "the host's name as a part of another", .shows_ca = true, .host = "evil." NAME},
    {.name = "a digest of another kind", .shows_ca = true, .words = "sha512:abc"},
    {.name = "a digest that is cut", .shows_ca = true, .words = "sha256:AAAA"},
    {.name = "no digest", .shows_ca = true, .words = " \n"},
};

static char *
text_of(BIO *bio)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);
    char *text = xstrndup(data, (size_t)len);

    BIO_free(bio);
    return text;
}

/* A certificate for NAME that no CA signed, and is none. */
static void
make_self_signed(struct certs_pair *ret_pair)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    X509_NAME *name = X509_get_subject_name(x);
    X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "DNS:" NAME);
    BIO *crt = BIO_new(BIO_s_mem());
    BIO *priv = BIO_new(BIO_s_mem());

    ck_assert_int_eq(X509_set_version(x, X509_VERSION_3), 1);
    ck_assert_int_eq(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)NAME, -1, -1, 0), 1);
    ck_assert_int_eq(X509_set_issuer_name(x, name), 1);
    ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notBefore(x), -60));
    ck_assert_ptr_nonnull(X509_gmtime_adj(X509_getm_notAfter(x), CERTS_DAY_S));
    ck_assert_int_eq(X509_set_pubkey(x, key), 1);
    ck_assert_int_eq(X509_add_ext(x, san, -1), 1);
    ck_assert_int_gt(X509_sign(x, key, EVP_sha256()), 0);
    ck_assert_int_eq(PEM_write_bio_X509(crt, x), 1);
    ck_assert_int_eq(PEM_write_bio_PrivateKey(priv, key, NULL, NULL, 0, NULL, NULL), 1);
    *ret_pair = (struct certs_pair){.crt_pem = text_of(crt), .key_pem = text_of(priv)};
    X509_EXTENSION_free(san);
    X509_free(x);
    EVP_PKEY_free(key);
}

/* Makes what the forgery shows, and has the server show it. */
static void
forge(struct world *w, const struct forgery *f)
{
    const char *const names[] = {f->host ? f->host : NAME, NULL};
    int64_t now_s = clock_wall_s();
    int64_t from_s = f->is_expired || f->ca_is_over ? now_s - CERTS_DAY_S : now_s;
    struct certs_pair ca = {0}, other = {0}, leaf = {0};

    /* The same second, hence the same name. */
    ck_assert_ptr_null(certs_make_ca(from_s, f->ca_is_over ? CERTS_DAY_S / 2 : 2 * CERTS_DAY_S, &ca));
    ck_assert_ptr_null(certs_make_ca(from_s, 2 * CERTS_DAY_S, &other));
    if (f->signs_itself) {
        make_self_signed(&leaf);
    } else {
        ck_assert_ptr_null(certs_make_leaf(f->by_other ? &other : &ca, names, from_s, CERTS_DAY_S / 2, &leaf));
    }
    AUTO(freep)
    char *chain = xasprintf("%s%s%s", leaf.crt_pem, f->shows_ca ? ca.crt_pem : "", f->shows_other ? other.crt_pem : "");
    show(w, &leaf, chain);
    trust(w, f->pins_leaf ? leaf.crt_pem : ca.crt_pem);
    if (f->words) {
        put(w->pins_path, f->words);
    }
    certs_pair_fini(&ca);
    certs_pair_fini(&other);
    certs_pair_fini(&leaf);
}

/* Runs the loop long enough for some dials. */
static void
wait_some(struct world *w)
{
    int64_t end_ms = clock_mono_ms() + 700;

    while (clock_mono_ms() < end_ms && w->n_heard == 0) {
        turn(w);
    }
}

START_TEST(trusts_pinned_cas_alone)
{
    const struct forgery *f = &forgeries[_i];
    struct world w;

    world_init(&w);
    forge(&w, f);
    dial(&w);
    gateway_client_tell(w.client, "secret state");
    wait_some(&w);
    ck_assert_msg((w.n_heard > 0) == f->is_honest, "%s: was %s", f->name, w.n_heard > 0 ? "talked to" : "refused");
    ck_assert_msg((w.n_opened > 0) == f->is_honest, "%s: was shown the token", f->name);
    /* and mends itself when all is right */
    AUTO(freep) char *chain = xasprintf("%s%s", w.leaf.crt_pem, w.ca.crt_pem);
    show(&w, &w.leaf, chain);
    trust(&w, w.ca.crt_pem);
    ck_assert_msg(reaches(&w, &w.n_heard, 1), "%s: does not recover", f->name);
}
END_TEST

START_TEST(says_nothing_without_a_token)
{
    struct world w;

    world_init(&w);
    put(w.token_path, "");
    dial(&w);
    gateway_client_tell(w.client, "secret state");
    wait_some(&w);
    ck_assert_uint_eq(w.n_opened, 0);
    put(w.token_path, "token");
    ck_assert(reaches(&w, &w.n_heard, 1));
}
END_TEST

/* A CA hands over: two pins, and whichever of the two signed what this replica shows. */
START_TEST(a_ca_hands_over)
{
    const char *const names[] = {NAME, NULL};
    struct certs_pair next = {0}, leaf = {0};
    struct world w;

    world_init(&w);
    ck_assert_ptr_null(certs_make_ca(clock_wall_s(), CERTS_DAY_S, &next));
    ck_assert_ptr_null(certs_make_leaf(&next, names, clock_wall_s(), CERTS_DAY_S / 2, &leaf));
    AUTO(freep) char *bundle = xasprintf("%s%s", w.ca.crt_pem, next.crt_pem);
    trust(&w, bundle);
    dial(&w);
    gateway_client_tell(w.client, "state");
    ck_assert(reaches(&w, &w.n_heard, 1));
    AUTO(freep) char *chain = xasprintf("%s%s", leaf.crt_pem, next.crt_pem);
    show(&w, &leaf, chain);
    server_stream_close(w.stream, SERVER_CLOSE_GOING_AWAY, "restart");
    ck_assert(reaches(&w, &w.n_heard, 2));
    certs_pair_fini(&next);
    certs_pair_fini(&leaf);
}
END_TEST

static const struct {
    const char *address, *name, *in_certificate;
    bool is_served;
} hosts[] = {
    {"localhost", NULL, "localhost", true}, {"localhost", "", "localhost", true},    {"localhost", NULL, NAME, false},
    {"localhost", NAME, NAME, true},        {"localhost", NAME, "localhost", false},
};

/* Without a name the certificate must bear the host of the address. */
START_TEST(the_name_is_that_of_the_address)
{
    const char *const names[] = {hosts[_i].in_certificate, NULL};
    struct certs_pair leaf = {0};
    struct world w;

    world_init(&w);
    ck_assert_ptr_null(certs_make_leaf(&w.ca, names, clock_wall_s(), CERTS_DAY_S / 2, &leaf));
    AUTO(freep) char *chain = xasprintf("%s%s", leaf.crt_pem, w.ca.crt_pem);
    show(&w, &leaf, chain);
    w.name = hosts[_i].name;
    (void)snprintf(w.address, sizeof(w.address), "%s:%d", hosts[_i].address, server_port(w.server));
    dial(&w);
    gateway_client_tell(w.client, "state");
    wait_some(&w);
    ck_assert_msg((w.n_heard > 0) == hosts[_i].is_served, "row %d", _i);
    certs_pair_fini(&leaf);
}
END_TEST

static void
remove_files(void)
{
    static const char *const names[] = {"pins", "token"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        AUTO(freep) char *path = xasprintf("/tmp/lgw-%s.%d", names[i], getpid());
        (void)unlink(path); /* a test that failed early has none */
    }
}

int
main(void)
{
    Suite *s = suite_create("launcher_gateway");
    TCase *t = tcase_create("all");

    log_set_level(LOG_ERROR);
    tcase_add_checked_fixture(t, NULL, remove_files);
    tcase_add_test(t, tells_and_hears);
    tcase_add_test(t, dials_again);
    tcase_add_test(t, gives_a_silent_try_up);
    tcase_add_test(t, follows_a_redirect);
    tcase_add_loop_test(t, trusts_pinned_cas_alone, 0, ARRAY_LEN(forgeries));
    tcase_add_test(t, says_nothing_without_a_token);
    tcase_add_test(t, a_ca_hands_over);
    tcase_add_loop_test(t, the_name_is_that_of_the_address, 0, ARRAY_LEN(hosts));
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_set_fork_status(r, CK_FORK); /* each test has a loop of its own */
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
