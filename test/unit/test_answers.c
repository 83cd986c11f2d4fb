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

/* What it was asked to do last, and what it says to that. */
struct doer {
    int64_t number, seconds;
    enum answers_act act;
    const char *why;
    unsigned n;
};

static const char *
do_act(void *arg, int64_t number, enum answers_act act, int64_t seconds)
{
    struct doer *d = arg;

    *d = (struct doer){number, seconds, act, d->why, d->n + 1};
    return d->why;
}

START_TEST(what_is_done_is_answered_later_and_once)
{
    static const struct {
        const char *verb;
        enum answers_act act;
    } rows[] = {{"pause", ACT_PAUSE}, {"unpause", ACT_UNPAUSE}, {"softreboot", ACT_REBOOT},
                {"reset", ACT_RESET}, {"freeze", ACT_FREEZE},   {"unfreeze", ACT_UNFREEZE}};
    const struct agent_state *agent = NULL;
    struct doer d = {0};
    struct answers *a = answers_new(&(struct answers_facts){.agent = &agent, .act = do_act, .arg = &d}, 9);

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct launcher_request r = {
            .version = 1, .number = 10 + (int64_t)i, .verb = rows[i].verb, .within_ms = 1000};
        ck_assert_ptr_null(answers_take(a, &r));
        ck_assert_ptr_null(answers_take(a, &r));
        ck_assert_msg(d.n == i + 1 && d.act == rows[i].act && d.number == r.number, "%s: %u acts", rows[i].verb, d.n);
        AUTO(freep) char *first = xstrdup(answers_finish(a, r.number, i % 2 ? "no" : NULL));
        ck_assert_ptr_nonnull(strstr(first, i % 2 ? "\"code\":\"failed\",\"message\":\"no\"" : "\"code\":\"ok\"}"));
        ck_assert_ptr_null(answers_finish(a, r.number, NULL));
        ck_assert_str_eq(answers_take(a, &r), first);
    }
    ck_assert_ptr_null(answers_finish(a, 4711, NULL));
    answers_free(a);
}
END_TEST

START_TEST(a_refused_act_and_odd_arguments_are_answered_at_once)
{
    const struct agent_state *agent = NULL;
    struct doer d = {.why = "it is off"};
    struct str_pair seconds = {"seconds", "30"};
    struct answers *a = answers_new(&(struct answers_facts){.agent = &agent, .act = do_act, .arg = &d}, 9);
    struct launcher_request r = {
        .version = 1, .number = 1, .verb = "freeze", .within_ms = 1000, .arguments = {&seconds, 1}};

    ck_assert_ptr_nonnull(strstr(answers_take(a, &r), "\"failed\",\"message\":\"it is off\""));
    ck_assert_int_eq(d.seconds, 30);
    r.number = 2;
    seconds.value = "-1";
    ck_assert_ptr_nonnull(strstr(answers_take(a, &r), "\"invalid\""));
    ck_assert_uint_eq(d.n, 1);
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
    tcase_add_test(t, what_is_done_is_answered_later_and_once);
    tcase_add_test(t, a_refused_act_and_odd_arguments_are_answered_at_once);
    tcase_add_test(t, words_wait_in_order_and_not_without_end);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
