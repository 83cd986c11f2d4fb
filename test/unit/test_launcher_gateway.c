// The launcher's line to the gateway against the real server: proof, trust, state, wishes, redirects, and dialling again.
#include "base/clock.h"
#include "report/gateway_client.h"
#include "serve/certs.h"
#include "serve/server.h"

#include <check.h>
#include <poll.h>
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
    char ca_path[64]; /* files of the process: a test's last world has them */
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

static void
world_init(struct world *w, const char *name_in_certificate)
{
    const char *const names[] = {name_in_certificate, NULL};
    struct certs_pair leaf = {0};
    int64_t now_s = clock_wall_s();

    *w = (struct world){.loop = uv_default_loop(), .log = {.part = "test"}};
    (void)snprintf(w->ca_path, sizeof(w->ca_path), "/tmp/lgw-ca.%d", getpid());
    (void)snprintf(w->token_path, sizeof(w->token_path), "/tmp/lgw-token.%d", getpid());
    ck_assert_ptr_null(certs_make_ca(now_s, CERTS_DAY_S, &w->ca));
    ck_assert_ptr_null(certs_make_leaf(&w->ca, names, now_s, CERTS_DAY_S / 2, &leaf));
    put(w->ca_path, w->ca.crt_pem);
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
        .address = "127.0.0.1", .crt_pem = leaf.crt_pem, .key_pem = leaf.key_pem, .endpoint = &w->endpoint};
    struct err *e = server_new(w->loop, &o, &w->server);
    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    (void)snprintf(w->address, sizeof(w->address), "127.0.0.1:%d", server_port(w->server));
    certs_pair_fini(&leaf);
}

static void
dial(struct world *w)
{
    const struct gateway_client_options o = {.address = w->address,
                                             .name = NAME,
                                             .ca_path = w->ca_path,
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

    world_init(&w, NAME);
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

    world_init(&w, NAME);
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

START_TEST(follows_a_redirect)
{
    struct world a, b;
    char redirect[200];

    world_init(&b, NAME);
    world_init(&a, NAME);
    put(a.ca_path, b.ca.crt_pem); /* both CAs are trusted, as while one is renewed */
    AUTO(fclosep) FILE *f = fopen(a.ca_path, "ae");
    ck_assert_int_ge(fputs(a.ca.crt_pem, f), 0);
    ck_assert_int_eq(fflush(f), 0);
    (void)snprintf(redirect, sizeof(redirect), "{\"type\":\"redirect\",\"version\":1,\"address\":\"%s\"}", b.address);
    a.answer = redirect;
    dial(&a);
    gateway_client_tell(a.client, "state");
    ck_assert(reaches(&a, &b.n_heard, 1));
    ck_assert_str_eq(b.heard, "state");
    ck_assert_uint_ge(a.n_opened, 1);
}
END_TEST

static const struct {
    const char *name;
    const char *name_in_certificate;
    bool is_other_ca;
    bool has_token;
} strangers[] = {
    {"another name in the certificate", "somebody.else", false, true},
    {"a certificate of another CA", NAME, true, true},
    {"no token to show", NAME, false, false},
};

START_TEST(never_talks_to_strangers)
{
    struct world w;
    struct certs_pair other = {0};

    world_init(&w, strangers[_i].name_in_certificate);
    ck_assert_ptr_null(certs_make_ca(clock_wall_s(), CERTS_DAY_S, &other));
    if (strangers[_i].is_other_ca) {
        put(w.ca_path, other.crt_pem);
    }
    if (!strangers[_i].has_token) {
        put(w.token_path, "");
    }
    dial(&w);
    gateway_client_tell(w.client, "secret state");
    int64_t end_ms = clock_mono_ms() + 1500;
    while (clock_mono_ms() < end_ms) {
        turn(&w);
    }
    ck_assert_msg(w.n_opened == 0 && w.n_heard == 0, "%s: was talked to", strangers[_i].name);
    /* and mends itself when the files are right */
    put(w.ca_path, w.ca.crt_pem);
    put(w.token_path, "token");
    if (str_eq(strangers[_i].name_in_certificate, NAME)) {
        ck_assert_msg(reaches(&w, &w.n_heard, 1), "%s: does not recover", strangers[_i].name);
    }
    certs_pair_fini(&other);
}
END_TEST

static void
remove_files(void)
{
    static const char *const names[] = {"ca", "token"};

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
    tcase_set_timeout(t, 30);
    tcase_add_checked_fixture(t, NULL, remove_files);
    tcase_add_test(t, tells_and_hears);
    tcase_add_test(t, dials_again);
    tcase_add_test(t, follows_a_redirect);
    tcase_add_loop_test(t, never_talks_to_strangers, 0, ARRAY_LEN(strangers));
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_set_fork_status(r, CK_FORK); /* each test has a loop of its own */
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
