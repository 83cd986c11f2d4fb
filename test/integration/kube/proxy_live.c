// The client behind a network that splits, delays, loses and resets (test/fault/proxy.py).
#include "live.h"

#include "base/clock.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

Suite *proxy_suite(void);

struct proxy {
    pid_t pid;
    FILE *to;
    FILE *from;
    char server[64];
};

/* PKI folder of the test's control plane: beside its kubeconfig. */
static char *
pki_dir(void)
{
    const char *path = getenv("KUBECONFIG");
    const char *slash = strrchr(path, '/');

    return xasprintf("%.*s/pki", (int)(slash - path), path);
}

static void
proxy_exec(const char *alpn, const char *upstream, int in, int out)
{
    const char *script = getenv("VMB_TEST_PROXY");
    AUTO(freep) char *pki = pki_dir();

    if (dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0) {
        _exit(126);
    }
    if (alpn) {
        (void)execlp("python3", "python3", script, "--tls", pki, "--alpn", alpn, upstream, (char *)NULL);
    } else {
        (void)execlp("python3", "python3", script, upstream, (char *)NULL);
    }
    _exit(127);
}

/* 'alpn' NULL: bytes as they are; else the protocol it speaks after ending TLS. */
static void
proxy_start(struct proxy *p, const char *alpn)
{
    struct kube_config *config = NULL;
    int in[2];
    int out[2];
    char line[64];

    struct err *e = kube_config_load(getenv("KUBECONFIG"), &config);
    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    ck_assert(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
    p->pid = fork();
    ck_assert_int_ge(p->pid, 0);
    if (p->pid == 0) {
        proxy_exec(alpn, config->server + strlen("https://"), in[0], out[1]);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    p->to = fdopen(in[1], "w");
    p->from = fdopen(out[0], "r");
    ck_assert(p->to && p->from);
    ck_assert_msg(fgets(line, sizeof(line), p->from), "the proxy did not start");
    (void)snprintf(p->server, sizeof(p->server), "https://127.0.0.1:%ld", strtol(line, NULL, 10));
    kube_config_free(config);
}

static long
proxy_say(struct proxy *p, const char *command)
{
    char line[64];

    ck_assert(fprintf(p->to, "%s\n", command) > 0 && fflush(p->to) == 0);
    ck_assert_msg(fgets(line, sizeof(line), p->from), "the proxy ended");
    ck_assert_msg(!str_starts(line, "error"), "%s", line);
    return strtol(line, NULL, 10);
}

static void
proxy_stop(struct proxy *p)
{
    (void)fclose(p->to);
    (void)fclose(p->from);
    ck_assert(waitpid(p->pid, NULL, 0) == p->pid);
}

/* A client behind the proxy, and a plain one to look at the truth. */
struct both {
    struct proxy proxy;
    struct live l;
    struct live direct;
};

static void
both_open(struct both *b, const char *alpn, const char *prefix)
{
    proxy_start(&b->proxy, alpn);
    live_open(&b->direct, NULL);
    live_namespace(&b->direct, prefix);
    live_open_at(&b->l, b->proxy.server, NULL);
    (void)snprintf(b->l.space, sizeof(b->l.space), "%s", b->direct.space);
}

static void
both_close(struct both *b)
{
    live_close(&b->l);
    live_close(&b->direct);
    proxy_stop(&b->proxy);
}

static const struct {
    const char *name;
    const char *alpn;
    const char *split;
    const char *delay;
} roads[] = {
    {"as they come", NULL, "split 0", "delay 0"},
    {"TLS in pieces of 13 bytes", NULL, "split 13", "delay 0"},
    {"TLS delayed", NULL, "split 0", "delay 40"},
    {"HTTP/2 frames byte by byte", "h2", "split 1", "delay 0"},
    {"HTTP/2 frames in pieces of 7", "h2", "split 7", "delay 0"},
    {"HTTP/2 frames in pieces of 1000, delayed", "h2", "split 1000", "delay 3"},
    {"HTTP/1.1", "http/1.1", "split 0", "delay 0"},
    {"HTTP/1.1 in pieces of 5", "http/1.1", "split 5", "delay 0"},
};

START_TEST(all_is_seen_whatever_the_pieces)
{
    struct both b;
    struct live_store s[3];
    char name[16];

    both_open(&b, roads[_i].alpn, "pieces");
    (void)proxy_say(&b.proxy, roads[_i].split);
    (void)proxy_say(&b.proxy, roads[_i].delay);
    for (int n = 0; n < 20; n++) {
        (void)snprintf(name, sizeof(name), "before%d", n);
        live_make(&b.direct, name, 300);
    }
    for (size_t i = 0; i < ARRAY_LEN(s); i++) {
        live_watch(&b.l, &s[i]);
    }
    for (int n = 0; n < 10; n++) {
        (void)snprintf(name, sizeof(name), "after%d", n);
        live_make(&b.l, name, 300);
    }
    for (size_t i = 0; i < ARRAY_LEN(s); i++) {
        ck_assert_msg(live_until_objects(&b.l, &s[i], 30, LIVE_WAIT_MS), "%s: watch %zu holds %zu", roads[_i].name, i,
                      live_count(&s[i]));
        ck_assert_uint_eq(s[i].n_wrong, 0);
        ck_assert_uint_eq(s[i].n_begin, 1);
        live_store_fini(&s[i]);
    }
    if (!str_eq(roads[_i].alpn, "http/1.1")) {
        ck_assert_int_eq(proxy_say(&b.proxy, "count"), 1);
    }
    both_close(&b);
}
END_TEST

START_TEST(a_lost_answer_is_said_to_be_lost)
{
    struct both b;
    struct live_answer a = {0};

    both_open(&b, NULL, "lost");
    struct live_answer first = live_call(&b.l, KUBE_GET, "/version", NULL);
    ck_assert(!first.has_err);
    live_answer_fini(&first);
    (void)proxy_say(&b.proxy, "mute");
    const struct kube_call call = {.verb = KUBE_POST,
                                   .path = live_path(&b.l, NULL),
                                   .resource = "configmaps",
                                   .body = "{\"metadata\":{\"name\":\"once\"}}"};
    (void)kube_send(b.l.kube, &call, live_done, &a);
    live_run(&b.l, 500);
    ck_assert(!a.is_done);
    (void)proxy_say(&b.proxy, "pass");
    (void)proxy_say(&b.proxy, "reset");
    ck_assert(live_until(&b.l, &a.is_done, LIVE_WAIT_MS));
    ck_assert_msg(a.has_err && a.status == 0 && a.class == ERR_RETRY, "%ld %s", a.status, a.text);
    struct live_answer truth = live_call(&b.direct, KUBE_GET, live_path(&b.direct, "once"), NULL);
    ck_assert_msg(!truth.has_err, "the object was not made: %s", truth.text);
    live_answer_fini(&truth);
    /* Said again, the answer is AlreadyExists: it was the client that did not know, and nothing was sent twice behind our back. */
    struct live_answer again = live_call(&b.l, KUBE_POST, live_path(&b.l, NULL), call.body);
    ck_assert_str_eq(again.reason, "AlreadyExists");
    live_answer_fini(&again);
    ck_assert_uint_eq(a.n_done, 1);
    live_answer_fini(&a);
    both_close(&b);
}
END_TEST

/* A process that is frozen between taking a request and sending it must not send it when it wakes too late. The road is so long that
 * nothing but the first bytes of TLS leaves before it sleeps. */
static const struct {
    const char *name;
    int64_t allowed_ms; /* from now on; 0: never */
    unsigned n_turns;   /* of the loop before it sleeps */
    bool is_made;
} fences[] = {
    {"never", 0, 0, false},
    {"asleep-in-the-queue", 100, 0, false},
    {"asleep-while-it-connects", 100, 1, false},
    {"in-time", LIVE_WAIT_MS, 1, true},
};

START_TEST(nothing_fenced_is_sent_too_late)
{
    struct both b;
    struct live_answer a = {0};
    AUTO(freep) char *body = xasprintf("{\"metadata\":{\"name\":\"%s\"}}", fences[_i].name);

    both_open(&b, NULL, "fenced");
    (void)proxy_say(&b.proxy, "delay 150");
    const struct kube_call call = {
        .verb = KUBE_POST, .path = live_path(&b.l, NULL), .resource = "configmaps", .body = body, .fenced = true};
    kube_fence(b.l.kube, fences[_i].allowed_ms ? clock_mono_ms() + fences[_i].allowed_ms : 0);
    (void)kube_send(b.l.kube, &call, live_done, &a);
    for (unsigned i = 0; i < fences[_i].n_turns; i++) {
        (void)uv_run(&b.l.loop, UV_RUN_NOWAIT);
    }
    uv_sleep(200);
    ck_assert(live_until(&b.l, &a.is_done, LIVE_WAIT_MS));
    ck_assert_int_eq(a.has_err, !fences[_i].is_made);
    ck_assert(fences[_i].is_made || a.class == ERR_RETRY);
    live_answer_fini(&a);
    struct live_answer truth = live_call(&b.direct, KUBE_GET, live_path(&b.direct, fences[_i].name), NULL);
    ck_assert_int_eq(truth.status, fences[_i].is_made ? 200 : 404);
    live_answer_fini(&truth);
    both_close(&b);
}
END_TEST

START_TEST(a_hole_in_the_road_is_left_behind)
{
    struct both b;
    struct live_store s;
    struct live_answer a = {0};

    both_open(&b, NULL, "hole");
    live_watch(&b.l, &s);
    ck_assert(live_until_objects(&b.l, &s, 0, LIVE_WAIT_MS));
    (void)proxy_say(&b.proxy, "hole");
    live_make(&b.direct, "unseen", 1);
    const struct kube_call call = {.verb = KUBE_GET, .path = "/version", .resource = "version", .timeout_ms = 1000};
    (void)kube_send(b.l.kube, &call, live_done, &a);
    (void)proxy_say(&b.proxy, "pass"); /* for new connections */
    ck_assert(live_until(&b.l, &a.is_done, LIVE_WAIT_MS));
    ck_assert(a.has_err && a.status == 0);
    ck_assert_msg(live_until_objects(&b.l, &s, 1, 5000), "the watch stayed in the hole");
    ck_assert_uint_eq(s.n_begin, 1);
    live_answer_fini(&a);
    live_store_fini(&s);
    both_close(&b);
}
END_TEST

START_TEST(silence_is_looked_into)
{
    struct both b;
    struct live_store s;

    both_open(&b, NULL, "silence");
    live_watch(&b.l, &s);
    ck_assert(live_until_objects(&b.l, &s, 0, LIVE_WAIT_MS));
    (void)proxy_say(&b.proxy, "hole");
    (void)proxy_say(&b.proxy, "pass");
    live_make(&b.direct, "unseen", 1);
    /* Nobody asks for anything: the watchdog does, after 20 s, and waits 10 s for the answer. */
    ck_assert_msg(live_until_objects(&b.l, &s, 1, 45000), "the watch hangs for ever");
    live_store_fini(&s);
    both_close(&b);
}
END_TEST

static const char *const break_protocols[] = {NULL, "h2", "http/1.1"};

START_TEST(resets_lose_nothing)
{
    enum { N = 150 };
    struct both b;
    struct live_store s;
    unsigned n_lost = 0;
    char name[16];

    both_open(&b, break_protocols[_i], "resets");
    (void)proxy_say(&b.proxy, break_protocols[_i] ? "break 1500" : "break 5000");
    live_watch(&b.l, &s);
    for (int n = 0; n < N; n++) {
        struct live_answer a = {0};
        (void)snprintf(name, sizeof(name), "r%d", n);
        AUTO(freep) char *body = xasprintf("{\"metadata\":{\"name\":\"%s\"}}", name);
        do { /* as a reconciler would: until it is there */
            live_answer_fini(&a);
            a = live_call(&b.l, KUBE_POST, live_path(&b.l, NULL), body);
            ck_assert_uint_eq(a.n_done, 1);
            ck_assert_msg(!a.has_err || a.status == 0 || str_eq(a.reason, "AlreadyExists"), "%s", a.text);
            n_lost += a.has_err && a.status == 0 ? 1 : 0;
        } while (a.has_err && a.status == 0);
        live_answer_fini(&a);
        live_run(&b.l, 10);
    }
    ck_assert_msg(n_lost >= 5, "only %u answers were lost: this tests nothing", n_lost);
    (void)proxy_say(&b.proxy, "break 0");
    (void)proxy_say(&b.proxy, "reset");
    ck_assert_msg(live_until_objects(&b.l, &s, N, LIVE_WAIT_MS), "the watch holds %zu", live_count(&s));
    ck_assert_uint_eq(s.n_wrong, 0);
    live_store_fini(&s);
    both_close(&b);
}
END_TEST

START_TEST(closing_in_the_middle_of_everything_is_clean)
{
    struct both b;
    struct live_store s[5];
    struct live_answer a[30] = {0};

    both_open(&b, "h2", "middle");
    (void)proxy_say(&b.proxy, "split 50");
    (void)proxy_say(&b.proxy, "delay 1");
    for (size_t i = 0; i < ARRAY_LEN(s); i++) {
        live_watch(&b.l, &s[i]);
    }
    for (size_t i = 0; i < ARRAY_LEN(a); i++) {
        const struct kube_call call = {.verb = KUBE_GET, .path = "/version", .resource = "version"};
        (void)kube_send(b.l.kube, &call, live_done, &a[i]);
    }
    live_run(&b.l, _i * 25);
    for (size_t i = 0; i < ARRAY_LEN(s); i++) {
        live_store_fini(&s[i]);
    }
    unsigned n_done = 0;
    kube_close(b.l.kube);
    for (size_t i = 0; i < ARRAY_LEN(a); i++) {
        n_done += a[i].n_done;
    }
    ck_assert_int_eq(uv_run(&b.l.loop, UV_RUN_DEFAULT), 0);
    ck_assert_int_eq(uv_loop_close(&b.l.loop), 0);
    for (size_t i = 0; i < ARRAY_LEN(a); i++) {
        n_done -= a[i].n_done;
        live_answer_fini(&a[i]);
    }
    ck_assert_msg(n_done == 0, "done was called after kube_close");
    metrics_free(b.l.metrics);
    kube_config_free(b.l.config);
    live_close(&b.direct);
    proxy_stop(&b.proxy);
}
END_TEST

Suite *
proxy_suite(void)
{
    Suite *s = suite_create("proxy_live");
    TCase *t = tcase_create("proxy");

    if (!live_has_server() || !getenv("VMB_TEST_PROXY")) {
        return s; /* the proxy needs the keys of the test's own control plane */
    }
    (void)signal(SIGPIPE, SIG_IGN);
    tcase_add_loop_test(t, all_is_seen_whatever_the_pieces, 0, ARRAY_LEN(roads));
    tcase_add_test(t, a_lost_answer_is_said_to_be_lost);
    tcase_add_loop_test(t, nothing_fenced_is_sent_too_late, 0, ARRAY_LEN(fences));
    tcase_add_test(t, a_hole_in_the_road_is_left_behind);
    tcase_add_test(t, silence_is_looked_into);
    tcase_add_loop_test(t, resets_lose_nothing, 0, ARRAY_LEN(break_protocols));
    tcase_add_loop_test(t, closing_in_the_middle_of_everything_is_clean, 0, 12);
    suite_add_tcase(s, t);
    return s;
}
