// The launcher's answers to requests: each number is answered once and stays the same.
#include "report/answers.h"
#include "report/words.h"

#include <check.h>

static struct agent_interface nics[64];
static struct agent_state guest = {.connected = TRI_TRUE,
                                   .version = "7.2",
                                   .hostname = "h",
                                   .os = {.name = "Debian", .pretty_name = "Debian 12"},
                                   .interfaces = {.items = nics, .n = ARRAY_LEN(nics)}};

static char *
take(struct answers *a, int64_t number, const char *verb)
{
    const struct launcher_request r = {.version = 1, .number = number, .verb = verb, .within_ms = 1000};

    return xstrdup(answers_take(a, &r));
}

START_TEST(guestosinfo_is_what_the_agent_says)
{
    const struct agent_state *agent = NULL;
    struct answers *a = answers_new(&(struct answers_facts){.agent = &agent}, 9);
    AUTO(freep) char *hello = answers_hello(a);
    AUTO(freep) char *none = take(a, 1, "guestosinfo");

    agent = &guest;
    AUTO(freep) char *text = take(a, 2, "guestosinfo");
    ck_assert_str_eq(hello, "{\"type\":\"hello\",\"version\":1,\"requests\":1,\"process\":9}");
    ck_assert_str_eq(none, "{\"type\":\"answer\",\"version\":1,\"number\":1,\"code\":\"failed\","
                           "\"message\":\"the guest agent is not connected\"}");
    ck_assert_str_eq(
        text, "{\"type\":\"answer\",\"version\":1,\"number\":2,\"code\":\"ok\",\"agent\":{\"connected\":true,"
              "\"version\":\"7.2\",\"hostname\":\"h\",\"os\":{\"name\":\"Debian\",\"prettyName\":\"Debian 12\"}}}");
    answers_free(a);
}
END_TEST

START_TEST(a_number_that_comes_again_is_not_done_again)
{
    const struct agent_state *agent = NULL;
    struct answers *a = answers_new(&(struct answers_facts){.agent = &agent}, 9);
    AUTO(freep) char *first = take(a, 1, "guestosinfo");

    agent = &guest;
    for (int64_t number = 2; number <= LAUNCHER_ANSWERS_KEPT; number++) {
        free(take(a, number, "guestosinfo"));
        AUTO(freep) char *again = take(a, 1, "guestosinfo");
        ck_assert_str_eq(again, first);
    }
    free(take(a, LAUNCHER_ANSWERS_KEPT + 1, "guestosinfo"));
    AUTO(freep) char *forgotten = take(a, 1, "guestosinfo");
    ck_assert_str_ne(forgotten, first);
    answers_free(a);
}
END_TEST

START_TEST(a_verb_of_a_newer_gateway_is_not_known_here)
{
    const struct agent_state *agent = &guest;
    struct answers *a = answers_new(&(struct answers_facts){.agent = &agent}, 9);
    AUTO(freep) char *text = take(a, 5, "fly");

    ck_assert_str_eq(text, "{\"type\":\"answer\",\"version\":1,\"number\":5,\"code\":\"unknownVerb\","
                           "\"message\":\"not known here\"}");
    answers_free(a);
}
END_TEST

START_TEST(an_answer_has_a_cap)
{
    AUTO(freep) char *large = xcalloc(1, LAUNCHER_ANSWER_MAX + 1);
    struct agent_state talkative = {.hostname = large};
    const struct agent_state *agent = &talkative;
    struct answers *a = answers_new(&(struct answers_facts){.agent = &agent}, 9);

    memset(large, 'x', LAUNCHER_ANSWER_MAX);
    AUTO(freep) char *text = take(a, 1, "guestosinfo");
    ck_assert_uint_le(strlen(text), LAUNCHER_ANSWER_MAX);
    ck_assert_ptr_nonnull(strstr(text, "larger than its limit"));
    answers_free(a);
}
END_TEST

START_TEST(words_wait_in_order_and_not_without_end)
{
    struct words w = {.n = 0};

    for (int i = 0; i < WORDS_MAX + 5; i++) {
        words_add(&w, xasprintf("%d", i));
    }
    for (int i = 0; i < WORDS_MAX; i++) {
        AUTO(freep) char *word = words_take(&w);
        AUTO(freep) char *want = xasprintf("%d", i);
        ck_assert_str_eq(word, want);
    }
    ck_assert_ptr_null(words_take(&w));
    words_add(&w, xstrdup("x"));
    words_drop(&w);
    ck_assert_ptr_null(words_take(&w));
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("answers");
    TCase *t = tcase_create("answers");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_test(t, guestosinfo_is_what_the_agent_says);
    tcase_add_test(t, a_number_that_comes_again_is_not_done_again);
    tcase_add_test(t, a_verb_of_a_newer_gateway_is_not_known_here);
    tcase_add_test(t, an_answer_has_a_cap);
    tcase_add_test(t, words_wait_in_order_and_not_without_end);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
