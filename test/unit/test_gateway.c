// Two pods of one instance on the line: the gateway tells them apart by the pod, and so does the table of launchers behind it. Server and
// verifier are played: who dials in shows the UID of its pod as token.
#include "base/clock.h"
#include "cache/launchers.h"
#include "serve/gateway/gateway.h"

#include <check.h>

#define VMI "vmi"

struct server_stream {
    void *user;
    char told[64]; /* the last message */
    bool is_closing;
};

static struct world {
    uv_loop_t loop;
    struct gateway *gateway;
    struct gateway_sink sink;
    struct launchers *launchers;
} world;

/* --- The server and the verifier, played --- */

void
server_stream_set(struct server_stream *c, void *user)
{
    c->user = user;
}

void *
server_stream_get(const struct server_stream *c)
{
    return c->user;
}

const char *
server_stream_peer(const struct server_stream *c)
{
    (void)c; /* all come from there */
    return "10.0.0.1";
}

void
server_stream_send(struct server_stream *c, const char *text, size_t len)
{
    ck_assert_uint_lt(len, sizeof(c->told));
    memcpy(c->told, text, len + 1);
}

bool
server_stream_queue(struct server_stream *c, const char *text, size_t len)
{
    (void)c; /* nobody asks anything */
    (void)text;
    (void)len;
    return false;
}

void
server_stream_expect(struct server_stream *c)
{
    (void)c; /* nobody asks anything */
}

void
server_stream_trust(struct server_stream *c)
{
    (void)c; /* there is no room to be made */
}

void
server_stream_proven(const struct server_stream *c)
{
    (void)c; /* there is no room to be made */
}

void
server_stream_close(struct server_stream *c, enum server_close code, const char *reason)
{
    (void)code; /* whichever */
    (void)reason;
    c->is_closing = true;
}

struct token_check *
token_check(struct token_verifier *v, const struct token_question *q)
{
    char namespace[] = "ns", account[] = "default";
    AUTO(freep) char *uid = xstrndup(q->token, q->len);
    AUTO(freep) char *pod = xasprintf("pod-%s", uid);
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

/* --- The sink: the table of launchers --- */

static bool
who(void *arg, const char *namespace, const char *pod_name, const char *pod_uid, const char **ret_vmi_uid)
{
    (void)arg; /* both pods are known */
    (void)namespace;
    (void)pod_name;
    (void)pod_uid;
    *ret_vmi_uid = VMI;
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
    const struct world *w = arg;

    (void)state; /* the text is kept */
    (void)launchers_state(w->launchers, vmi_uid, pod_uid, text, len);
}

static void
on_connected(void *arg, const char *vmi_uid, const char *pod_uid)
{
    const struct world *w = arg;

    launchers_connected(w->launchers, vmi_uid, pod_uid);
}

static void
on_disconnected(void *arg, const char *vmi_uid, const char *pod_uid)
{
    const struct world *w = arg;

    launchers_disconnected(w->launchers, vmi_uid, pod_uid);
}

static const char *
redirect(void *arg)
{
    (void)arg;
    return NULL;
}

/* --- The tests --- */

static void
setup(void)
{
    struct world *w = &world;

    *w = (struct world){.launchers = launchers_new()};
    ck_assert_int_eq(uv_loop_init(&w->loop), 0);
    w->sink = (struct gateway_sink){who, knows, on_state, on_connected, on_disconnected, redirect, w};
    const struct gateway_options o = {.loop = &w->loop, .sink = &w->sink};
    w->gateway = gateway_new(&o);
    launchers_name(w->launchers, VMI, "ns/a");
}

static void
teardown(void)
{
    gateway_close(world.gateway);
    (void)uv_run(&world.loop, UV_RUN_DEFAULT);
    ck_assert_int_eq(uv_loop_close(&world.loop), 0);
    launchers_free(world.launchers);
}

static void
dial(struct server_stream *s, const char *pod_uid)
{
    const struct server_endpoint *e = gateway_endpoint(world.gateway);
    struct server_refusal refusal;

    *s = (struct server_stream){0};
    ck_assert(e->admit(e->arg, s, pod_uid, strlen(pod_uid), &refusal));
    e->opened(e->arg, s);
}

static void
hang_up(struct server_stream *s)
{
    const struct server_endpoint *e = gateway_endpoint(world.gateway);

    e->closed(e->arg, s);
}

static void
say(struct server_stream *s, const char *state)
{
    const struct server_endpoint *e = gateway_endpoint(world.gateway);
    AUTO(freep)
    char *text =
        xasprintf("{\"type\":\"state\",\"version\":1,\"vmiUID\":\"" VMI "\",\"seq\":1,\"state\":\"%s\"}", state);

    e->message(e->arg, s, text, strlen(text));
}

/* The state that counts as the last word of that pod; "" for none. */
static const char *
word_of(const char *pod_uid, char ret_word[32])
{
    const struct launcher *l = launchers_find(launchers_get(world.launchers, VMI), pod_uid);
    AUTO(freep) char *text = NULL;

    ret_word[0] = '\0';
    if (l && l->state) {
        AUTO(err_freep) struct err *e = packed_text(l->state, &text);
        AUTO(json_freep) json_t *j = json_loads(text, 0, NULL);
        ck_assert(!e && j);
        (void)snprintf(ret_word, 32, "%s", json_str(j, "state"));
    }
    return ret_word;
}

static void
check_words(const char *source, const char *target)
{
    char word[32];

    ck_assert_str_eq(word_of("source", word), source);
    ck_assert_str_eq(word_of("target", word), target);
}

static bool
is_connected(const char *pod_uid)
{
    const struct launcher *l = launchers_find(launchers_get(world.launchers, VMI), pod_uid);

    ck_assert(gateway_is_connected(world.gateway, pod_uid) == (l && l->connected));
    return l && l->connected;
}

START_TEST(two_pods_of_one_instance_are_on_the_line)
{
    struct server_stream source, target;

    dial(&source, "source");
    say(&source, "running");
    dial(&target, "target");
    ck_assert(!source.is_closing); /* the newer one has not taken its place */
    ck_assert_uint_eq(gateway_count(world.gateway), 2);
    check_words("running", "");
    say(&target, "absent");
    check_words("running", "absent");
    ck_assert(gateway_send(world.gateway, "source", "to-source", 9));
    ck_assert(gateway_send(world.gateway, "target", "to-target", 9));
    ck_assert_str_eq(source.told, "to-source");
    ck_assert_str_eq(target.told, "to-target");
    say(&target, "running");
    say(&source, "shutoff"); /* the older one speaks late */
    check_words("shutoff", "running");
    hang_up(&target);
    ck_assert(is_connected("source") && !is_connected("target"));
    check_words("shutoff", "running");
    hang_up(&source);
    ck_assert_uint_eq(launchers_count(world.launchers), 0);
}
END_TEST

START_TEST(the_older_one_comes_back)
{
    struct server_stream source, again, target;

    dial(&source, "source");
    say(&source, "running");
    dial(&target, "target");
    say(&target, "running");
    dial(&again, "source"); /* before anybody saw that its first line is dead */
    ck_assert(source.is_closing && !target.is_closing);
    say(&source, "crashed"); /* what was still on its way over that line counts for nothing */
    check_words("running", "running");
    hang_up(&source);
    ck_assert(is_connected("source") && is_connected("target"));
    say(&again, "paused");
    check_words("paused", "running");
    gateway_drop(world.gateway, "source", "the pod is gone");
    ck_assert(!is_connected("source") && is_connected("target"));
    check_words("paused", "running");
    hang_up(&again);
    hang_up(&target);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("gateway");
    TCase *t = tcase_create("two pods");

    log_set_level(LOG_ERROR);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, two_pods_of_one_instance_are_on_the_line);
    tcase_add_test(t, the_older_one_comes_back);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
