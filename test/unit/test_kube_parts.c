// The client's parts that need no server: flow control, query strings, what an answer means.
#include "kube/answer.h"
#include "kube/flow.h"
#include "kube/query.h"

#include <check.h>

static const struct {
    const char *name;
    double per_s;
    unsigned burst;
    int64_t at_ms[8]; /* times of the takes; -1 ends */
    int64_t want_wait_ms[8];
} flows[] = {
    {"no limit", 0, 0, {0, 0, 0, 0, -1}, {0, 0, 0, 0}},
    {"a burst at once", 10, 3, {0, 0, 0, 0, -1}, {0, 0, 0, 101}},
    {"tokens come back", 10, 1, {0, 0, 100, 100, 250, -1}, {0, 101, 0, 101, 0}},
    {"no more than the burst is saved", 10, 2, {0, 100000, 100000, 100000, -1}, {0, 0, 0, 101}},
    {"a clock that steps back gives nothing", 10, 1, {1000, 500, 1000, -1}, {0, 101, 101}},
    {"a burst of nothing is one", 1, 0, {0, 0, -1}, {0, 1001}},
    {"a wait has an end", 0.0000001, 1, {0, 0, -1}, {0, 3600000}},
};

START_TEST(tokens_are_given_at_the_rate)
{
    struct flow f;

    flow_init(&f, flows[_i].per_s, flows[_i].burst, flows[_i].at_ms[0]);
    for (size_t i = 0; i < ARRAY_LEN(flows[_i].at_ms) && flows[_i].at_ms[i] >= 0; i++) {
        int64_t wait_ms = flow_take(&f, flows[_i].at_ms[i]);
        ck_assert_msg(wait_ms == flows[_i].want_wait_ms[i], "%s: take %zu waits %lld", flows[_i].name, i,
                      (long long)wait_ms);
    }
}
END_TEST

START_TEST(a_wait_is_long_enough)
{
    struct flow f;
    int64_t now_ms = 0;

    flow_init(&f, 7, 1, now_ms);
    for (int i = 0; i < 100; i++) {
        int64_t wait_ms = flow_take(&f, now_ms);
        now_ms += wait_ms;
        ck_assert_msg(wait_ms == 0 || flow_take(&f, now_ms) == 0, "token %d was not there after its wait", i);
    }
}
END_TEST

static const struct {
    const char *name;
    const char *path;
    const char *key;
    const char *value;
    const char *want;
} queries[] = {
    {"the first", "/api", "watch", "true", "/api?watch=true"},
    {"the second", "/api?a=b", "limit", "500", "/api?a=b&limit=500"},
    {"an absent one", "/api", "continue", NULL, "/api"},
    {"what means something is encoded", "/api", "q", "a=b&c d/e+f%?#", "/api?q=a%3Db%26c%20d%2Fe%2Bf%25%3F%23"},
    {"what means nothing is not", "/api", "q", "AZaz09-._~", "/api?q=AZaz09-._~"},
    {"bytes past ASCII", "/api", "q", "\xc3\xa4\n", "/api?q=%C3%A4%0A"},
};

START_TEST(queries_are_encoded)
{
    AUTO(strbuf_fini) struct strbuf path = STRBUF_INIT(200);

    (void)strbuf_adds(&path, queries[_i].path);
    query_add(&path, queries[_i].key, queries[_i].value);
    ck_assert_msg(str_eq(strbuf_str(&path), queries[_i].want), "%s: %s", queries[_i].name, strbuf_str(&path));
}
END_TEST

static const struct {
    long status;
    enum err_class want;
} classes[] = {
    {301, ERR_RETRY},    {400, ERR_INVALID}, {401, ERR_RETRY}, {403, ERR_RETRY},   {404, ERR_NOT_FOUND},
    {409, ERR_CONFLICT}, {410, ERR_GONE},    {413, ERR_RETRY}, {422, ERR_INVALID}, {429, ERR_RETRY},
    {500, ERR_RETRY},    {503, ERR_RETRY},   {504, ERR_RETRY}, {0, ERR_RETRY},
};

START_TEST(a_status_has_its_class)
{
    struct err *e = answer_error("GET pods", classes[_i].status, NULL);

    ck_assert(e);
    ck_assert_msg(err_class(e) == classes[_i].want, "%ld", classes[_i].status);
    err_free(e);
}
END_TEST

START_TEST(success_is_no_error)
{
    ck_assert(!answer_error("GET pods", 200, NULL));
    ck_assert(!answer_error("POST pods", 201, NULL));
    ck_assert(!answer_error("DELETE pods", 204, NULL));
}
END_TEST

START_TEST(the_server_is_quoted)
{
    AUTO(json_freep)
    json_t *status = json_pack("{s:s, s:s, s:s}", "kind", "Status", "reason", "AlreadyExists", "message",
                               "pods \"x\" already exists");
    struct err *e = answer_error("POST pods", 409, status);

    ck_assert_str_eq(err_text(e), "POST pods: 409 AlreadyExists: pods \"x\" already exists");
    ck_assert_str_eq(answer_reason(status), "AlreadyExists");
    ck_assert_str_eq(answer_reason(NULL), "");
    err_free(e);
}
END_TEST

START_TEST(an_object_with_a_reason_is_no_status)
{
    AUTO(json_freep) json_t *event = json_pack("{s:s, s:s}", "kind", "Event", "reason", "Started");

    ck_assert_str_eq(answer_reason(event), "");
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("kube_parts");
    TCase *t = tcase_create("parts");

    tcase_add_loop_test(t, tokens_are_given_at_the_rate, 0, ARRAY_LEN(flows));
    tcase_add_test(t, a_wait_is_long_enough);
    tcase_add_loop_test(t, queries_are_encoded, 0, ARRAY_LEN(queries));
    tcase_add_loop_test(t, a_status_has_its_class, 0, ARRAY_LEN(classes));
    tcase_add_test(t, success_is_no_error);
    tcase_add_test(t, the_server_is_quoted);
    tcase_add_test(t, an_object_with_a_reason_is_no_status);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
