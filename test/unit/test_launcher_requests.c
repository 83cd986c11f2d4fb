// Requests and answers over a real line: the gateway and its server on one end, the launcher's client and its answers on the other.
// Tokens are not checked: whoever dials in is the launcher of the one pod.
#include "base/clock.h"
#include "report/gateway_client.h"
#include "serve/gateway/gateway.h"
#include "serve/http/server.h"
#include "serve/http/server_shared.h"
#include "serve/trust/certs.h"

#include <check.h>
#include <malloc.h>
#include <poll.h>
#include <unistd.h>

#define NAME "vmbridge-gateway.vmbridge.svc"
#define STATE "{\"type\":\"state\",\"version\":1,\"vmiUID\":\"vmi\",\"seq\":1,\"state\":\"running\"}"
#define DESIRED "{\"type\":\"desired\",\"version\":1,\"vmiUID\":\"vmi\"}"

/* Client and server live as long as their process: nothing to learn from leaks. */
const char *__asan_default_options(void); // NOLINT(readability-identifier-naming): the sanitizer's name
const char *
__asan_default_options(void) // NOLINT(readability-identifier-naming)
{
    return "detect_leaks=0";
}

enum { REQUESTS = 10000, WARM = 1000, SEEN = 256, LATE_MAX = 4, WITHIN_MS = 500, GROWTH_MAX_KIB = 256 };

struct seen {
    int64_t number;
    char *text;
};

static struct world {
    uv_loop_t *loop;
    struct metrics *metrics;
    struct gateway *gateway;
    struct gateway_sink sink;
    struct server_endpoint endpoint;
    struct server *server;
    struct gateway_client *client;
    char address[64];
    char pins_path[64];
    char token_path[64];
    struct log log;
    struct agent_state guest;
    const struct agent_state *agent;
    char hostname[32]; /* another one each time */

    uint64_t random;
    bool is_rough; /* answers are lost, late, said twice, and the line is cut */
    unsigned n_asked, n_done;
    unsigned char n_ends[REQUESTS]; /* of each request */
    unsigned ends[REQUEST_AWAY + 1];
    unsigned n_lost, n_late, n_twice, n_cut, n_again;
    char *late[LATE_MAX];
    struct seen seen[SEEN];
    size_t warm_bytes;
} world;

static unsigned places[REQUESTS];

/* --- The verifier, played --- */

struct token_check *
token_check(struct token_verifier *v, const struct token_question *q)
{
    char namespace[] = "ns", pod[] = "p", uid[] = "pod", account[] = "default";
    const struct token_identity id = {namespace, pod, uid, account, .expires_s = clock_wall_s() + 36000};

    (void)v; /* it is played */
    q->done(q->arg, &id, NULL);
    return NULL;
}

void
token_check_cancel(struct token_check *c)
{
    ck_assert_ptr_null(c);
}

/* --- The sink --- */

static bool
who(void *arg, const char *namespace, const char *pod_name, const char *pod_uid, const char **ret_vmi_uid)
{
    (void)arg; /* there is one pod */
    (void)namespace;
    (void)pod_name;
    (void)pod_uid;
    *ret_vmi_uid = "vmi";
    return true;
}

static bool
knows(void *arg)
{
    (void)arg;
    return true;
}

static void
on_state(void *arg, const char *vmi_uid, const char *pod_uid, const struct launcher_state *state, const char *text,
         size_t len)
{
    (void)arg;
    (void)pod_uid;
    (void)text;
    (void)len;
    ck_assert_str_eq(vmi_uid, state->vmi_uid);
}

static void
on_connected(void *arg, const char *vmi_uid, const char *pod_uid)
{
    const struct world *w = arg;

    (void)vmi_uid;
    ck_assert(gateway_send(w->gateway, pod_uid, DESIRED, strlen(DESIRED)));
}

static void
on_disconnected(void *arg, const char *vmi_uid, const char *pod_uid)
{
    (void)arg; /* nothing is kept of it */
    (void)vmi_uid;
    (void)pod_uid;
}

static const char *
redirect(void *arg)
{
    (void)arg;
    return NULL;
}

/* --- The line, which is not always a good one --- */

/* xorshift: the same for the same seed. */
static unsigned
by_chance(unsigned n)
{
    world.random ^= world.random << 13;
    world.random ^= world.random >> 7;
    world.random ^= world.random << 17;
    return (unsigned)(world.random % n);
}

/* A number that was answered before is answered with the same words. */
static void
check_same(int64_t number, const char *text)
{
    struct seen *s = &world.seen[number % SEEN];

    if (s->number == number) {
        ck_assert_str_eq(s->text, text);
        world.n_again++;
        return;
    }
    free(s->text);
    *s = (struct seen){number, xstrdup(text)};
}

static void
pass(struct server_stream *s, const char *text)
{
    const struct server_endpoint *e = gateway_endpoint(world.gateway);

    e->message(e->arg, s, text, strlen(text));
}

static void
pass_roughly(struct server_stream *s, const char *text)
{
    char **late = &world.late[by_chance(LATE_MAX)];
    unsigned chance = by_chance(100);

    if (*late) {
        pass(s, *late);
        free(STEAL(*late));
    }
    if (chance < 2) {
        world.n_lost++;
    } else if (chance < 7) {
        world.n_late++;
        *late = xstrdup(text);
    } else {
        pass(s, text);
        if (chance < 12) {
            world.n_twice++;
            pass(s, text);
        }
    }
    if (by_chance(150) == 0) {
        world.n_cut++;
        server_stream_close(s, SERVER_CLOSE_GOING_AWAY, "cut");
    }
}

static void
on_message(void *arg, struct server_stream *s, const char *text, size_t len)
{
    AUTO(json_freep) json_t *j = NULL;
    const char *type = NULL;
    AUTO(err_freep) struct err *e = launcher_msg_parse(text, len, &j, &type);

    (void)arg; /* the gateway's */
    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    if (!str_eq(type, LAUNCHER_MSG_ANSWER)) {
        pass(s, text);
        return;
    }
    check_same(json_int(j, "number", 0), text);
    if (world.is_rough) {
        pass_roughly(s, text);
    } else {
        pass(s, text);
    }
}

/* --- Both ends --- */

static void
put(const char *path, const char *text)
{
    AUTO(fclosep) FILE *f = fopen(path, "we");

    ck_assert_ptr_nonnull(f);
    ck_assert_int_ge(fputs(text, f), 0);
}

static void
start_server(struct world *w)
{
    const char *const names[] = {NAME, NULL};
    struct certs_pair ca = {0}, leaf = {0};
    int64_t now_s = clock_wall_s();
    const struct gateway_options g = {.loop = w->loop, .sink = &w->sink, .metrics = w->metrics};

    ck_assert_ptr_null(certs_make_ca(now_s, CERTS_DAY_S, &ca));
    ck_assert_ptr_null(certs_make_leaf(&ca, names, now_s, CERTS_DAY_S / 2, &leaf));
    AUTO(freep) char *chain = xasprintf("%s%s", leaf.crt_pem, ca.crt_pem);
    AUTO(freep) char *pins = certs_pins(ca.crt_pem);
    put(w->pins_path, pins);
    put(w->token_path, "token");
    w->gateway = gateway_new(&g);
    w->endpoint = *gateway_endpoint(w->gateway);
    w->endpoint.message = on_message;
    const struct server_options o = {.address = "127.0.0.1",
                                     .crt_pem = chain,
                                     .key_pem = leaf.key_pem,
                                     .endpoint = &w->endpoint,
                                     .metrics = w->metrics};
    struct err *e = server_new(w->loop, &o, &w->server);
    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    (void)snprintf(w->address, sizeof(w->address), "127.0.0.1:%d", server_port(w->server));
    certs_pair_fini(&ca);
    certs_pair_fini(&leaf);
}

static void
on_desired(void *arg, const struct launcher_desired *desired)
{
    (void)arg; /* the client hears it, which is all that is wanted */
    (void)desired;
}

static void
world_start(bool is_old)
{
    struct world *w = &world;

    *w =
        (struct world){.loop = uv_default_loop(), .metrics = metrics_new(), .log = {.part = "test"}, .agent = &w->guest};
    w->sink = (struct gateway_sink){who, knows, on_state, on_connected, on_disconnected, redirect, w};
    w->guest = (struct agent_state){.connected = TRI_TRUE, .hostname = w->hostname};
    (void)snprintf(w->pins_path, sizeof(w->pins_path), "/tmp/lrq-pins.%d", getpid());
    (void)snprintf(w->token_path, sizeof(w->token_path), "/tmp/lrq-token.%d", getpid());
    start_server(w);
    const struct gateway_client_options o = {
        .address = w->address,
        .name = NAME,
        .pins_path = w->pins_path,
        .token_path = w->token_path,
        .log = &w->log,
        .desired = on_desired,
        .arg = w,
        .answers = is_old ? NULL : answers_new(&(struct answers_facts){.agent = &w->agent}, 1),
    };
    struct err *e = gateway_client_new(w->loop, &o, &w->client);
    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    gateway_client_tell(w->client, STATE);
    while (!gateway_is_connected(w->gateway, "pod")) { /* what hangs is ended by the suite */
        (void)uv_run(w->loop, UV_RUN_ONCE);
    }
}

static void
on_done(void *arg, enum request_end end, const struct launcher_answer *answer)
{
    const unsigned place = *(unsigned *)arg;
    struct world *w = &world;

    w->n_ends[place]++;
    w->ends[end]++;
    w->n_done++;
    if (end == REQUEST_OK) {
        ck_assert(answer && answer->agent && strncmp(answer->agent->hostname, "guest-", 6) == 0);
    }
    if (w->is_rough && w->n_done == WARM) {
        w->warm_bytes = mallinfo2().uordblks;
    }
    (void)snprintf(w->hostname, sizeof(w->hostname), "guest-%u", w->n_done);
}

static void
ask(const char *verb)
{
    struct world *w = &world;

    places[w->n_asked] = w->n_asked;
    const struct request_question q = {.verb = verb,
                                       .within_ms = w->is_rough ? WITHIN_MS : LAUNCHER_WITHIN_MAX_MS,
                                       .done = on_done,
                                       .arg = &places[w->n_asked]};

    w->n_asked++;
    (void)gateway_request(w->gateway, "pod", &q);
}

static void
turn_until_done(unsigned n)
{
    while (world.n_done < n) {
        (void)uv_run(world.loop, UV_RUN_ONCE);
    }
}

START_TEST(the_agents_word_comes_over_the_line)
{
    world_start(false);
    (void)snprintf(world.hostname, sizeof(world.hostname), "guest-x");
    ask(LAUNCHER_VERB_GUESTOSINFO);
    turn_until_done(1);
    ck_assert_uint_eq(world.ends[REQUEST_OK], 1);
    world.agent = NULL;
    ask(LAUNCHER_VERB_GUESTOSINFO);
    turn_until_done(2);
    ck_assert_uint_eq(world.ends[REQUEST_FAILED], 1);
}
END_TEST

START_TEST(a_newer_verb_is_not_known_here)
{
    world_start(false);
    ask("fly");
    turn_until_done(1);
    ck_assert_uint_eq(world.ends[REQUEST_UNKNOWN_VERB], 1);
}
END_TEST

START_TEST(an_older_launcher_knows_no_verb)
{
    world_start(true);
    ask(LAUNCHER_VERB_GUESTOSINFO);
    turn_until_done(1);
    ck_assert_uint_eq(world.ends[REQUEST_UNKNOWN_VERB], 1);
}
END_TEST

START_TEST(more_requests_than_messages_are_allowed)
{
    world_start(false);
    (void)snprintf(world.hostname, sizeof(world.hostname), "guest-x");
    for (unsigned n = 0; n < 20 * GATEWAY_MESSAGES_PER_S; n++) {
        ask(LAUNCHER_VERB_GUESTOSINFO);
        turn_until_done(n + 1);
    }
    ck_assert_uint_eq(world.ends[REQUEST_OK], 20 * GATEWAY_MESSAGES_PER_S);
}
END_TEST

/* Some wait at any time; a launcher that is away for a moment is asked again when it is back. */
static void
ask_some(void)
{
    while (world.n_asked < REQUESTS && world.n_asked - world.n_done < LAUNCHER_REQUESTS_MAX &&
           gateway_is_connected(world.gateway, "pod")) {
        ask(LAUNCHER_VERB_GUESTOSINFO);
    }
}

START_TEST(ten_thousand_end_once_each)
{
    struct world *w = &world;

    world_start(false);
    w->random = 0x9e3779b97f4a7c15U * (unsigned)_i;
    w->is_rough = true;
    (void)snprintf(w->hostname, sizeof(w->hostname), "guest-x");
    while (w->n_done < REQUESTS) {
        ask_some();
        (void)uv_run(w->loop, UV_RUN_ONCE);
    }
    for (unsigned i = 0; i < REQUESTS; i++) {
        ck_assert_uint_eq(w->n_ends[i], 1);
    }
    size_t bytes = mallinfo2().uordblks;
    printf("seed %d: ok %u, timed out %u, lost with the line %u; answers lost %u, late %u, twice %u, same number again "
           "%u, "
           "line cut %u times; heap %zu KiB after %d, %zu KiB after %d\n",
           _i, w->ends[REQUEST_OK], w->ends[REQUEST_TIMED_OUT], w->ends[REQUEST_LOST], w->n_lost, w->n_late, w->n_twice,
           w->n_again, w->n_cut, w->warm_bytes / 1024, WARM, bytes / 1024, REQUESTS);
    ck_assert_uint_eq(w->ends[REQUEST_OK] + w->ends[REQUEST_TIMED_OUT] + w->ends[REQUEST_LOST], REQUESTS);
    ck_assert_uint_gt(w->ends[REQUEST_OK], REQUESTS / 2);
    ck_assert(w->n_lost > 0 && w->n_late > 0 && w->n_twice > 0 && w->n_cut > 0 && w->n_again > 0);
    ck_assert(metrics_value(w->metrics, &server_metric_refused, "reason=\"rate\"") == 0);
    ck_assert_uint_lt(bytes, w->warm_bytes + GROWTH_MAX_KIB * 1024);
}
END_TEST

static void
remove_files(void)
{
    static const char *const names[] = {"pins", "token"};

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        AUTO(freep) char *path = xasprintf("/tmp/lrq-%s.%d", names[i], getpid());
        (void)unlink(path); /* a test that failed early has none */
    }
}

int
main(void)
{
    Suite *s = suite_create("launcher_requests");
    TCase *t = tcase_create("all");

    log_set_level(LOG_ERROR);
    tcase_set_timeout(t, 0); /* what hangs is ended by the suite */
    tcase_add_checked_fixture(t, NULL, remove_files);
    tcase_add_test(t, the_agents_word_comes_over_the_line);
    tcase_add_test(t, a_newer_verb_is_not_known_here);
    tcase_add_test(t, an_older_launcher_knows_no_verb);
    tcase_add_test(t, more_requests_than_messages_are_allowed);
    tcase_add_loop_test(t, ten_thousand_end_once_each, 1, 3);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_set_fork_status(r, CK_FORK); /* each test has a loop of its own */
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
