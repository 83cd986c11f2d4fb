// The client against a real kube-apiserver: requests, errors, flow control, one connection for all.
#include "live.h"

#include "base/clock.h"

#include <check.h>
#include <unistd.h>

static const char merge_body[] = "{\"data\":{\"colour\":\"green\"}}";

START_TEST(makes_changes_and_deletes_an_object)
{
    struct live l;

    live_open(&l, NULL);
    live_namespace(&l, "crud");
    live_make(&l, "one", 10);
    struct live_answer a = live_call(&l, KUBE_MERGE_PATCH, live_path(&l, "one"), merge_body);
    ck_assert_msg(!a.has_err, "%s", a.text);
    ck_assert_str_eq(json_str(json_object_get(a.body, "data"), "colour"), "green");
    live_answer_fini(&a);
    a = live_call(&l, KUBE_GET, live_path(&l, "one"), NULL);
    ck_assert_int_eq(a.status, 200);
    ck_assert_str_eq(json_str(json_object_get(a.body, "data"), "fill"), "xxxxxxxxxx");
    live_answer_fini(&a);
    a = live_call(&l, KUBE_DELETE, live_path(&l, "one"), "{\"propagationPolicy\":\"Background\"}");
    ck_assert_msg(!a.has_err, "%s", a.text);
    live_answer_fini(&a);
    a = live_call(&l, KUBE_GET, live_path(&l, "one"), NULL);
    ck_assert_int_eq(a.status, 404);
    live_answer_fini(&a);
    live_close(&l);
}
END_TEST

static const struct {
    const char *name;
    enum kube_verb verb;
    const char *object;
    const char *body;
    long want_status;
    enum err_class want_class;
    const char *want_reason;
} refused[] = {
    {"a get of what is not there", KUBE_GET, "none", NULL, 404, ERR_NOT_FOUND, "NotFound"},
    {"a delete of what is not there", KUBE_DELETE, "none", NULL, 404, ERR_NOT_FOUND, "NotFound"},
    {"a second create", KUBE_POST, NULL, "{\"metadata\":{\"name\":\"there\"}}", 409, ERR_CONFLICT, "AlreadyExists"},
    {"a put with an old version", KUBE_PUT, "there", "{\"metadata\":{\"name\":\"there\",\"resourceVersion\":\"1\"}}",
     409, ERR_CONFLICT, "Conflict"},
    {"a patch with an old version", KUBE_MERGE_PATCH, "there", "{\"metadata\":{\"resourceVersion\":\"1\"}}", 409,
     ERR_CONFLICT, "Conflict"},
    {"an apply by nobody", KUBE_APPLY_PATCH, "there", "{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\"}", 422,
     ERR_INVALID, "Invalid"},
    {"a body that is no JSON", KUBE_POST, NULL, "{", 400, ERR_INVALID, "BadRequest"},
    {"a name that is not allowed", KUBE_POST, NULL, "{\"metadata\":{\"name\":\"No Name\"}}", 422, ERR_INVALID, "Invalid"},
};

START_TEST(errors_have_class_and_reason)
{
    struct live l;

    live_open(&l, NULL);
    live_namespace(&l, "refused");
    live_make(&l, "there", 1);
    struct live_answer a = live_call(&l, refused[_i].verb, live_path(&l, refused[_i].object), refused[_i].body);
    ck_assert_msg(a.has_err && a.status == refused[_i].want_status, "%s: %ld %s", refused[_i].name, a.status, a.text);
    ck_assert_msg(a.class == refused[_i].want_class, "%s: class %s", refused[_i].name, err_class_name(a.class));
    ck_assert_msg(str_eq(a.reason, refused[_i].want_reason), "%s: reason %s", refused[_i].name, a.reason);
    live_answer_fini(&a);
    live_close(&l);
}
END_TEST

START_TEST(a_thousand_requests_are_each_answered_once)
{
    enum { N = 1000 };
    struct live l;
    struct live_answer *a = xcalloc(N, sizeof(*a));
    unsigned n_ok = 0;

    live_open(&l, NULL);
    live_namespace(&l, "many");
    for (int i = 0; i < N; i++) {
        AUTO(freep) char *body = xasprintf("{\"metadata\":{\"name\":\"m%d\"}}", i);
        const struct kube_call call = {
            .verb = KUBE_POST, .path = live_path(&l, NULL), .resource = "configmaps", .body = body};
        (void)kube_send(l.kube, &call, live_done, &a[i]);
    }
    for (int i = 0; i < N; i++) {
        ck_assert(live_until(&l, &a[i].is_done, LIVE_WAIT_MS));
    }
    for (int i = 0; i < N; i++) {
        ck_assert_uint_eq(a[i].n_done, 1);
        ck_assert_msg(!a[i].has_err, "%s", a[i].text);
        n_ok++;
        live_answer_fini(&a[i]);
    }
    ck_assert_uint_eq(n_ok, N);
    free(a);
    live_close(&l);
}
END_TEST

START_TEST(flow_control_holds_the_rate)
{
    const struct kube_options options = {.user_agent = "vmbridge-test", .requests_per_s = 50, .burst = 10};
    struct live l;
    struct live_answer a[40] = {0};

    live_open(&l, &options);
    struct live_answer first = live_call(&l, KUBE_GET, "/version", NULL);
    live_answer_fini(&first);
    int64_t start_ms = clock_mono_ms();
    for (size_t i = 0; i < ARRAY_LEN(a); i++) {
        const struct kube_call call = {.verb = KUBE_GET, .path = "/version", .resource = "version"};
        (void)kube_send(l.kube, &call, live_done, &a[i]);
    }
    struct live_answer urgent = {0};
    const struct kube_call call = {.verb = KUBE_GET, .path = "/version", .resource = "version", .urgent = true};
    (void)kube_send(l.kube, &call, live_done, &urgent);
    ck_assert(live_until(&l, &urgent.is_done, LIVE_WAIT_MS));
    ck_assert_msg(!a[39].is_done, "an urgent request waited for the queue");
    for (size_t i = 0; i < ARRAY_LEN(a); i++) {
        ck_assert(live_until(&l, &a[i].is_done, LIVE_WAIT_MS));
        ck_assert(!a[i].has_err);
        live_answer_fini(&a[i]);
    }
    /* 40 requests, at most 10 of them at once, the rest 20 ms apart */
    ck_assert_int_ge(clock_mono_ms() - start_ms, 29 * 20);
    live_answer_fini(&urgent);
    live_close(&l);
}
END_TEST

START_TEST(an_answer_over_the_cap_is_an_error)
{
    struct live l;
    struct live_answer a = {0};

    live_open(&l, NULL);
    live_namespace(&l, "large");
    live_make(&l, "big", 100000);
    const struct kube_call call = {
        .verb = KUBE_GET, .path = live_path(&l, "big"), .resource = "configmaps", .reply_max_bytes = 50000};
    (void)kube_send(l.kube, &call, live_done, &a);
    ck_assert(live_until(&l, &a.is_done, LIVE_WAIT_MS));
    ck_assert(a.has_err);
    ck_assert_int_eq(a.class, ERR_RETRY);
    ck_assert_int_eq(a.status, 0);
    live_answer_fini(&a);
    live_close(&l);
}
END_TEST

START_TEST(an_object_over_the_cap_is_answered_with_its_header)
{
    static const char *const parts[] = {"metadata", "data", NULL};
    enum { FILL = 900000 };
    struct live l;
    struct live_answer a = {0};
    AUTO(freep) char *fill = xcalloc(1, FILL + 1);

    live_open(&l, NULL);
    live_namespace(&l, "header");
    memset(fill, '<', FILL); /* 5.4 MB in the answer */
    AUTO(freep)
    char *body = xasprintf(
        "{\"metadata\":{\"name\":\"big\",\"finalizers\":[\"example.org/f\"]},\"data\":{\"fill\":\"%s\"}}", fill);
    const struct kube_call call = {
        .verb = KUBE_POST, .path = live_path(&l, NULL), .resource = "configmaps", .body = body, .parts = parts};
    (void)kube_send(l.kube, &call, live_done, &a);
    ck_assert(live_until(&l, &a.is_done, LIVE_WAIT_MS));
    ck_assert_msg(!a.has_err && a.is_header && a.status == 201, "%s", a.text);
    const json_t *meta = json_object_get(a.body, "metadata");
    ck_assert_str_eq(json_str(meta, "name"), "big");
    ck_assert(json_str(meta, "uid") && json_array_size(json_object_get(meta, "finalizers")) == 1);
    ck_assert(!json_object_get(a.body, "data"));
    live_answer_fini(&a);
    a = live_call(&l, KUBE_MERGE_PATCH, live_path(&l, "big"), "{\"metadata\":{\"finalizers\":null},\"data\":null}");
    ck_assert_msg(!a.has_err && !a.is_header, "%s", a.text);
    live_answer_fini(&a);
    live_close(&l);
}
END_TEST

START_TEST(an_answer_may_be_left_unread)
{
    struct live l;
    static const struct {
        const char *object;
        long want_status;
    } gets[] = {{"there", 200}, {"none", 404}};

    live_open(&l, NULL);
    live_namespace(&l, "unread");
    live_make(&l, "there", 10);
    for (size_t i = 0; i < ARRAY_LEN(gets); i++) {
        struct live_answer a = {0};
        const struct kube_call call = {
            .verb = KUBE_GET, .path = live_path(&l, gets[i].object), .resource = "configmaps", .unread = true};
        (void)kube_send(l.kube, &call, live_done, &a);
        ck_assert(live_until(&l, &a.is_done, LIVE_WAIT_MS));
        ck_assert_int_eq(a.status, gets[i].want_status);
        ck_assert(!json_object_get(a.body, "data"));
        ck_assert_str_eq(a.reason, a.has_err ? "NotFound" : ""); /* why it failed is told in any case */
        live_answer_fini(&a);
    }
    live_close(&l);
}
END_TEST

START_TEST(a_cancelled_request_is_not_answered)
{
    struct live l;
    struct live_answer a[3] = {0};
    const struct kube_call call = {.verb = KUBE_GET, .path = "/version", .resource = "version"};

    live_open(&l, NULL);
    struct kube_request *r = kube_send(l.kube, &call, live_done, &a[0]);
    kube_cancel(r); /* queued */
    r = kube_send(l.kube, &call, live_done, &a[1]);
    (void)uv_run(&l.loop, UV_RUN_NOWAIT);
    kube_cancel(r); /* sent */
    (void)kube_send(l.kube, &call, live_done, &a[2]);
    ck_assert(live_until(&l, &a[2].is_done, LIVE_WAIT_MS));
    ck_assert(!a[0].is_done && !a[1].is_done);
    ck_assert_msg(!a[2].has_err, "%s", a[2].text);
    live_answer_fini(&a[2]);
    live_close(&l);
}
END_TEST

START_TEST(a_server_that_is_not_there_is_a_retry)
{
    struct live l;

    live_open_at(&l, "https://127.0.0.1:9", NULL);
    struct live_answer a = live_call(&l, KUBE_GET, "/version", NULL);
    ck_assert(a.has_err);
    ck_assert_int_eq(a.status, 0);
    ck_assert_int_eq(a.class, ERR_RETRY);
    live_answer_fini(&a);
    live_close(&l);
}
END_TEST

START_TEST(a_wrong_authority_is_refused)
{
    struct live l;
    struct kube *other = NULL;
    const struct kube_options options = {.user_agent = "vmbridge-test"};
    struct live_answer a = {0};
    const struct kube_call call = {.verb = KUBE_GET, .path = "/version", .resource = "version"};

    live_open(&l, NULL);
    struct kube_config config = *l.config;
    config.ca_pem = NULL; /* the system's certificates know nothing of this cluster */
    struct err *e = kube_new(&l.loop, &config, &options, &other);
    ck_assert(!e);
    (void)kube_send(other, &call, live_done, &a);
    ck_assert(live_until(&l, &a.is_done, LIVE_WAIT_MS));
    ck_assert_msg(a.has_err && a.status == 0 && strstr(a.text, "certificate"), "%s", a.text);
    kube_close(other);
    live_answer_fini(&a);
    live_close(&l);
}
END_TEST

static void
token_put(const char *path, const char *token)
{
    FILE *f = fopen(path, "we");

    ck_assert(f && fprintf(f, "%s\n", token) > 0 && fclose(f) == 0);
}

/* A token of a service account of this test's namespace. */
static char *
token_make(struct live *l)
{
    AUTO(freep) char *accounts = xasprintf("/api/v1/namespaces/%s/serviceaccounts", l->space);
    AUTO(freep) char *tokens = xasprintf("%s/robot/token", accounts);
    struct live_answer a = live_call(l, KUBE_POST, accounts, "{\"metadata\":{\"name\":\"robot\"}}");

    ck_assert_msg(!a.has_err, "%s", a.text);
    live_answer_fini(&a);
    a = live_call(l, KUBE_POST, tokens, "{\"spec\":{\"expirationSeconds\":600}}");
    ck_assert_msg(!a.has_err, "%s", a.text);
    char *token = xstrdup(json_str(json_object_get(a.body, "status"), "token"));
    live_answer_fini(&a);
    return token;
}

START_TEST(a_refused_token_is_read_again)
{
    const struct kube_options options = {.user_agent = "vmbridge-test"};
    const struct kube_call call = {.verb = KUBE_GET, .path = "/version", .resource = "version"};
    char path[] = "/tmp/vmbridge-token-XXXXXX";
    struct live l;
    struct kube *other = NULL;
    struct live_answer a = {0};

    live_open(&l, NULL);
    live_namespace(&l, "token");
    AUTO(freep) char *token = token_make(&l);
    AUTO(closep) int fd = mkstemp(path);
    struct kube_config config = {.server = l.config->server, .ca_pem = l.config->ca_pem, .token_file = path};
    token_put(path, "old");
    struct err *e = kube_new(&l.loop, &config, &options, &other);
    ck_assert(!e && fd >= 0);
    (void)kube_send(other, &call, live_done, &a);
    ck_assert(live_until(&l, &a.is_done, LIVE_WAIT_MS));
    ck_assert_int_eq(a.status, 401);
    ck_assert_int_eq(a.class, ERR_RETRY);
    live_answer_fini(&a);
    token_put(path, token); /* as the kubelet does */
    (void)kube_send(other, &call, live_done, &a);
    ck_assert(live_until(&l, &a.is_done, LIVE_WAIT_MS));
    ck_assert_msg(!a.has_err, "%s", a.text);
    live_answer_fini(&a);
    ck_assert_int_eq(unlink(path), 0); /* what is known still serves */
    (void)kube_send(other, &call, live_done, &a);
    ck_assert(live_until(&l, &a.is_done, LIVE_WAIT_MS));
    ck_assert_msg(!a.has_err, "%s", a.text);
    live_answer_fini(&a);
    kube_close(other);
    live_run(&l, 10); /* 'config' stands on this stack */
    live_close(&l);
}
END_TEST

START_TEST(another_tls_name_is_checked)
{
    static const struct {
        const char *name;
        bool want_ok;
    } rows[] = {{"kubernetes.default.svc", true}, {"wrong.example", false}};
    struct live l;
    struct live_answer a = {0};
    struct kube *other = NULL;
    const struct kube_options options = {.user_agent = "vmbridge-test"};
    const struct kube_call call = {.verb = KUBE_GET, .path = "/version", .resource = "version"};

    live_open(&l, NULL);
    struct kube_config config = *l.config;
    AUTO(freep) char *name = xstrdup(rows[_i].name);
    config.tls_server_name = name;
    struct err *e = kube_new(&l.loop, &config, &options, &other);
    ck_assert(!e);
    (void)kube_send(other, &call, live_done, &a);
    ck_assert(live_until(&l, &a.is_done, LIVE_WAIT_MS));
    ck_assert_msg(a.has_err != rows[_i].want_ok, "%s: %s", rows[_i].name, a.text);
    kube_close(other);
    live_answer_fini(&a);
    live_close(&l);
}
END_TEST

#ifdef VMB_FAULT
static const struct {
    const char *point;
    bool want_made;
} faults[] = {{"kube.post.before", false}, {"kube.post.after", true}};

START_TEST(a_fault_looks_like_a_lost_answer)
{
    struct live l;

    live_open(&l, NULL);
    live_namespace(&l, "fault");
    ck_assert_int_eq(setenv("VMB_FAULT_FAIL", faults[_i].point, 1), 0);
    struct live_answer a = live_call(&l, KUBE_POST, live_path(&l, NULL), "{\"metadata\":{\"name\":\"x\"}}");
    ck_assert_msg(a.has_err && a.status == 0 && a.class == ERR_RETRY && !a.body, "%s: %s", faults[_i].point, a.text);
    live_answer_fini(&a);
    a = live_call(&l, KUBE_GET, live_path(&l, "x"), NULL);
    ck_assert_msg(a.has_err != faults[_i].want_made, "%s: %s", faults[_i].point, a.text);
    live_answer_fini(&a);
    live_close(&l);
}
END_TEST
#endif

Suite *watch_suite(void);
Suite *proxy_suite(void);

static Suite *
request_suite(void)
{
    Suite *s = suite_create("kube_live");
    TCase *t = tcase_create("requests");

    tcase_add_test(t, makes_changes_and_deletes_an_object);
    tcase_add_loop_test(t, errors_have_class_and_reason, 0, ARRAY_LEN(refused));
    tcase_add_test(t, a_thousand_requests_are_each_answered_once);
    tcase_add_test(t, flow_control_holds_the_rate);
    tcase_add_test(t, an_answer_over_the_cap_is_an_error);
    tcase_add_test(t, an_answer_may_be_left_unread);
    tcase_add_test(t, an_object_over_the_cap_is_answered_with_its_header);
    tcase_add_test(t, a_cancelled_request_is_not_answered);
    tcase_add_test(t, a_server_that_is_not_there_is_a_retry);
    tcase_add_test(t, a_wrong_authority_is_refused);
    tcase_add_test(t, a_refused_token_is_read_again);
    tcase_add_loop_test(t, another_tls_name_is_checked, 0, 2);
#ifdef VMB_FAULT
    tcase_add_loop_test(t, a_fault_looks_like_a_lost_answer, 0, ARRAY_LEN(faults));
#endif
    suite_add_tcase(s, t);
    return s;
}

int
main(void)
{
    SRunner *r = srunner_create(request_suite());

    srunner_add_suite(r, watch_suite());
    srunner_add_suite(r, proxy_suite());
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
