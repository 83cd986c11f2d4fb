// Requests to launchers: each ends once, whatever is lost, late, said twice or never.
#include "serve/gateway/requests.h"

#include <check.h>

enum { ENDS_MAX = 4096, NOW_MS = 1000000, WITHIN_MS = 5000 };

struct world {
    struct requests *rs;
    struct request_line line;
    unsigned n_sent;
    int64_t number; /* of the last one that was sent */
    int64_t within_ms;
    bool is_full; /* the connection takes no more */
    unsigned n_ended;
    unsigned n_counted;
    enum request_end ends[ENDS_MAX]; /* by the request's place in the order of asking */
    unsigned n_ends[ENDS_MAX];
    char hostname[64];                         /* in the last answer */
    const struct request_question *asks_again; /* what 'done' asks */
};

static struct world world;

static unsigned askers[ENDS_MAX]; /* each its own place */

static bool
on_send(struct request_line *line, const char *text, size_t len)
{
    json_t *j = NULL;
    const char *type = NULL;
    struct world *w = CONTAINER_OF(line, struct world, line);
    AUTO(err_freep) struct err *e = launcher_msg_parse(text, len, &j, &type);

    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    ck_assert_str_eq(type, LAUNCHER_MSG_REQUEST);
    if (!w->is_full) {
        w->n_sent++;
        w->number = json_int(j, "number", 0);
        w->within_ms = json_int(j, "withinMilliseconds", 0);
    }
    json_decref(j);
    return !w->is_full;
}

static void
on_ended(void *arg, const char *verb, enum request_end end)
{
    struct world *w = arg;

    ck_assert_str_eq(verb, "verb");
    ck_assert_ptr_nonnull(request_end_name(end));
    w->n_counted++;
}

static void
on_done(void *arg, enum request_end end, const struct launcher_answer *answer)
{
    const unsigned place = *(unsigned *)arg;
    struct world *w = &world;

    w->ends[place] = end;
    w->n_ends[place]++;
    w->n_ended++;
    if (answer && answer->agent) {
        (void)snprintf(w->hostname, sizeof(w->hostname), "%s", answer->agent->hostname);
    }
    if (w->asks_again) {
        const struct request_question *q = STEAL(w->asks_again);
        (void)requests_ask(w->rs, "pod", &w->line, q, NOW_MS);
    }
}

static struct request_question
question(unsigned place)
{
    askers[place] = place;
    return (struct request_question){.verb = "verb", .within_ms = WITHIN_MS, .done = on_done, .arg = &askers[place]};
}

/* Asks the one launcher that there is. */
static struct request *
ask(unsigned place, int64_t now_ms)
{
    const struct request_question q = question(place);

    return requests_ask(world.rs, "pod", &world.line, &q, now_ms);
}

static void
world_init(void)
{
    const struct requests_owner owner = {on_send, on_ended, &world};

    world = (struct world){.rs = requests_new(&owner, 77)};
}

static void
world_fini(void)
{
    ck_assert_uint_eq(requests_waiting(world.rs), 0);
    ck_assert_int_eq(requests_due_ms(world.rs), -1);
    ck_assert_uint_eq(world.n_ended, world.n_counted);
    requests_free(world.rs);
}

static void
hello(int64_t process)
{
    const struct launcher_hello h = {.requests = 1, .process = process};

    requests_hello(world.rs, "pod", &world.line, &h, NOW_MS);
}

/* The connection is lost, and there is a new one on which nothing was said. */
static void
reconnect(void)
{
    requests_closed(world.rs, "pod", &world.line);
    world.line = (struct request_line){.state = LINE_SILENT};
    requests_open(world.rs, "pod", &world.line);
}

static bool
answer(int64_t number, const char *code)
{
    const struct launcher_answer a = {.number = number, .code = code};

    return requests_answer(world.rs, "pod", &a);
}

START_TEST(an_answer_ends_it_once)
{
    struct agent_state agent = {.hostname = "h"};
    struct launcher_answer a = {.code = "ok", .agent = &agent};

    world_init();
    hello(1);
    (void)ask(0, NOW_MS);
    ck_assert_uint_eq(world.n_sent, 1);
    ck_assert_int_eq(world.number, 77);
    ck_assert_int_eq(world.within_ms, WITHIN_MS);
    a.number = 78;
    ck_assert(!requests_answer(world.rs, "pod", &a));
    a.number = 77;
    ck_assert(!requests_answer(world.rs, "other", &a));
    ck_assert(requests_answer(world.rs, "pod", &a));
    ck_assert(!requests_answer(world.rs, "pod", &a));
    ck_assert_uint_eq(world.n_ends[0], 1);
    ck_assert_int_eq(world.ends[0], REQUEST_OK);
    ck_assert_str_eq(world.hostname, "h");
    world_fini();
}
END_TEST

static const struct {
    const char *code;
    enum request_end end;
} codes[] = {
    {"ok", REQUEST_OK},         {"unknownVerb", REQUEST_UNKNOWN_VERB},   {"invalid", REQUEST_INVALID},
    {"failed", REQUEST_FAILED}, {"of a newer launcher", REQUEST_FAILED},
};

START_TEST(codes_are_ends)
{
    world_init();
    hello(1);
    (void)ask(0, NOW_MS);
    ck_assert(answer(77, codes[_i].code));
    ck_assert_int_eq(world.ends[0], codes[_i].end);
    world_fini();
}
END_TEST

START_TEST(time_is_over_for_each_by_itself)
{
    world_init();
    hello(1);
    (void)ask(0, NOW_MS);
    (void)ask(1, NOW_MS + 10);
    ck_assert_int_eq(requests_due_ms(world.rs), NOW_MS + WITHIN_MS);
    requests_expire(world.rs, NOW_MS + WITHIN_MS - 1);
    ck_assert_uint_eq(world.n_ended, 0);
    requests_expire(world.rs, NOW_MS + WITHIN_MS);
    ck_assert_uint_eq(world.n_ended, 1);
    ck_assert_int_eq(world.ends[0], REQUEST_TIMED_OUT);
    ck_assert(!answer(77, "ok")); /* late */
    ck_assert_int_eq(requests_due_ms(world.rs), NOW_MS + 10 + WITHIN_MS);
    requests_expire(world.rs, NOW_MS + 10 + WITHIN_MS);
    ck_assert_int_eq(world.ends[1], REQUEST_TIMED_OUT);
    ck_assert_uint_eq(world.n_ended, 2);
    world_fini();
}
END_TEST

START_TEST(so_many_wait_and_no_more)
{
    world_init();
    hello(1);
    for (unsigned i = 0; i < LAUNCHER_REQUESTS_MAX + 3; i++) {
        ck_assert((ask(i, NOW_MS) != NULL) == (i < LAUNCHER_REQUESTS_MAX));
    }
    ck_assert_uint_eq(world.n_ended, 3);
    ck_assert_int_eq(world.ends[LAUNCHER_REQUESTS_MAX], REQUEST_BUSY);
    ck_assert(answer(77, "ok"));
    ck_assert_ptr_nonnull(ask(100, NOW_MS));
    requests_expire(world.rs, NOW_MS + WITHIN_MS);
    world_fini();
}
END_TEST

START_TEST(so_many_wait_of_all_launchers_together)
{
    struct request_line line = {.state = LINE_SILENT};
    unsigned n = 0;

    world_init();
    for (unsigned pod = 0; pod < 200; pod++) {
        AUTO(freep) char *uid = xasprintf("pod-%u", pod);
        for (unsigned i = 0; i < LAUNCHER_REQUESTS_MAX; i++) {
            const struct request_question q = question(n++);
            (void)requests_ask(world.rs, uid, &line, &q, NOW_MS);
        }
    }
    ck_assert_uint_eq(requests_waiting(world.rs), REQUESTS_WAITING_MAX);
    ck_assert_uint_eq(world.n_ended, n - REQUESTS_WAITING_MAX);
    ck_assert_int_eq(world.ends[n - 1], REQUEST_BUSY);
    requests_end(world.rs, NULL, REQUEST_AWAY);
    for (unsigned i = 0; i < n; i++) {
        ck_assert_uint_eq(world.n_ends[i], 1);
    }
    world_fini();
}
END_TEST

START_TEST(a_launcher_that_is_away_is_not_asked)
{
    const struct request_question q = question(0);

    world_init();
    ck_assert_ptr_null(requests_ask(world.rs, "pod", NULL, &q, NOW_MS));
    ck_assert_int_eq(world.ends[0], REQUEST_AWAY);
    world_fini();
}
END_TEST

/* It ignores what it does not know: nobody would ever answer. */
START_TEST(an_older_launcher_is_known_by_its_first_message)
{
    world_init();
    (void)ask(0, NOW_MS);
    ck_assert_uint_eq(world.n_sent, 0);
    requests_state(world.rs, "pod", &world.line);
    ck_assert_int_eq(world.ends[0], REQUEST_UNKNOWN_VERB);
    ck_assert_ptr_null(ask(1, NOW_MS));
    ck_assert_int_eq(world.ends[1], REQUEST_UNKNOWN_VERB);
    hello(1); /* too late to count */
    ck_assert_ptr_null(ask(2, NOW_MS));
    ck_assert_uint_eq(world.n_sent, 0);
    world_fini();
}
END_TEST

START_TEST(a_state_after_the_hello_makes_it_no_older)
{
    world_init();
    hello(1);
    (void)ask(0, NOW_MS);
    requests_state(world.rs, "pod", &world.line);
    ck_assert_uint_eq(world.n_ended, 0);
    ck_assert_ptr_nonnull(ask(1, NOW_MS));
    requests_end(world.rs, "pod", REQUEST_AWAY);
    world_fini();
}
END_TEST

START_TEST(a_connection_that_is_closed_is_sent_nothing)
{
    world_init();
    (void)ask(0, NOW_MS);
    requests_closed(world.rs, "pod", &world.line);
    hello(1);
    ck_assert_uint_eq(world.n_sent, 0);
    requests_end(world.rs, "pod", REQUEST_AWAY);
    world_fini();
}
END_TEST

START_TEST(a_launcher_that_says_nothing_ends_in_time)
{
    world_init();
    (void)ask(0, NOW_MS);
    requests_expire(world.rs, NOW_MS + WITHIN_MS);
    ck_assert_int_eq(world.ends[0], REQUEST_TIMED_OUT);
    ck_assert_uint_eq(world.n_sent, 0);
    world_fini();
}
END_TEST

START_TEST(on_the_next_connection_it_is_sent_again)
{
    world_init();
    hello(1);
    (void)ask(0, NOW_MS - 1000);
    reconnect();
    ck_assert_uint_eq(world.n_sent, 1);
    (void)ask(1, NOW_MS); /* before the hello nothing is sent */
    ck_assert_uint_eq(world.n_sent, 1);
    hello(1);
    ck_assert_uint_eq(world.n_sent, 3);
    ck_assert_int_eq(world.number, 78);
    ck_assert(answer(77, "ok"));
    reconnect();
    hello(1);
    ck_assert_uint_eq(world.n_sent, 4);
    ck_assert_int_eq(world.number, 78); /* the same */
    ck_assert(answer(78, "ok"));
    world_fini();
}
END_TEST

START_TEST(time_goes_on_while_the_connection_is_away)
{
    world_init();
    hello(1);
    (void)ask(0, NOW_MS - 1000);
    reconnect();
    hello(1);
    ck_assert_uint_eq(world.n_sent, 2);
    ck_assert_int_eq(world.within_ms, WITHIN_MS - 1000);
    requests_closed(world.rs, "pod", &world.line);
    requests_expire(world.rs, NOW_MS - 1000 + WITHIN_MS);
    ck_assert_int_eq(world.ends[0], REQUEST_TIMED_OUT);
    world_fini();
}
END_TEST

/* Sent again, it might be done twice. */
START_TEST(another_process_is_not_asked_again)
{
    world_init();
    hello(1);
    (void)ask(0, NOW_MS);
    reconnect();
    (void)ask(1, NOW_MS); /* not sent yet */
    hello(2);
    ck_assert_int_eq(world.ends[0], REQUEST_LOST);
    ck_assert_uint_eq(world.n_ended, 1);
    ck_assert_uint_eq(world.n_sent, 2);
    ck_assert(answer(world.number, "ok"));
    world_fini();
}
END_TEST

START_TEST(what_a_launcher_has_forgotten_is_not_sent_again)
{
    unsigned n = 0;

    world_init();
    hello(1);
    (void)ask(n++, NOW_MS);
    for (unsigned i = 0; i < LAUNCHER_ANSWERS_KEPT - 1; i++) {
        (void)ask(n++, NOW_MS);
        ck_assert(answer(world.number, "ok"));
    }
    reconnect();
    hello(1);
    ck_assert_uint_eq(world.n_ends[0], 0); /* it is the oldest that the launcher knows */
    ck_assert_int_eq(world.number, 77);
    (void)ask(n++, NOW_MS);
    ck_assert(answer(world.number, "ok"));
    reconnect();
    hello(1);
    ck_assert_int_eq(world.ends[0], REQUEST_LOST);
    world_fini();
}
END_TEST

START_TEST(what_a_connection_does_not_take_waits_for_the_next)
{
    world_init();
    hello(1);
    world.is_full = true;
    (void)ask(0, NOW_MS);
    ck_assert(!answer(77, "ok")); /* nobody has asked it */
    world.is_full = false;
    reconnect();
    hello(2); /* nothing was sent to the other one */
    ck_assert_uint_eq(world.n_sent, 1);
    ck_assert(answer(77, "ok"));
    world_fini();
}
END_TEST

START_TEST(arguments_have_a_cap)
{
    AUTO(freep) char *large = xcalloc(1, LAUNCHER_REQUEST_MAX + 1);
    struct str_pair pair = {.key = "k", .value = large};
    struct str_map map = {.items = &pair, .n = 1};
    struct request_question q = question(0);

    world_init();
    hello(1);
    memset(large, 'x', LAUNCHER_REQUEST_MAX);
    q.arguments = &map;
    ck_assert_ptr_null(requests_ask(world.rs, "pod", &world.line, &q, NOW_MS));
    ck_assert_int_eq(world.ends[0], REQUEST_INVALID);
    large[100] = '\0';
    ck_assert_ptr_nonnull(requests_ask(world.rs, "pod", &world.line, &q, NOW_MS));
    ck_assert(answer(world.number, "ok"));
    q.within_ms = 0;
    ck_assert_ptr_null(requests_ask(world.rs, "pod", &world.line, &q, NOW_MS));
    q.within_ms = LAUNCHER_WITHIN_MAX_MS + 1;
    ck_assert_ptr_null(requests_ask(world.rs, "pod", &world.line, &q, NOW_MS));
    ck_assert_int_eq(world.ends[0], REQUEST_INVALID);
    world_fini();
}
END_TEST

START_TEST(a_cancelled_one_is_not_told)
{
    world_init();
    hello(1);
    requests_cancel(world.rs, ask(0, NOW_MS));
    requests_cancel(world.rs, NULL);
    ck_assert(!answer(77, "ok"));
    ck_assert_uint_eq(world.n_ended, 0);
    world_fini();
}
END_TEST

START_TEST(who_is_told_may_ask_again)
{
    struct request_question q = question(5);

    world_init();
    hello(1);
    (void)ask(0, NOW_MS);
    world.asks_again = &q;
    ck_assert(answer(77, "ok"));
    ck_assert_int_eq(world.number, 78);
    world.asks_again = &q;
    requests_expire(world.rs, NOW_MS + WITHIN_MS);
    ck_assert_uint_eq(world.n_ends[5], 2); /* the second one was asked at NOW_MS, too */
    ck_assert_uint_eq(world.n_ended, 3);
    world_fini();
}
END_TEST

START_TEST(numbers_begin_again_at_their_end)
{
    const struct requests_owner owner = {on_send, on_ended, &world};

    world = (struct world){.rs = requests_new(&owner, LAUNCHER_NUMBER_MAX)};
    hello(1);
    (void)ask(0, NOW_MS);
    ck_assert_int_eq(world.number, LAUNCHER_NUMBER_MAX);
    (void)ask(1, NOW_MS);
    ck_assert_int_eq(world.number, 1);
    requests_end(world.rs, "pod", REQUEST_AWAY);
    world_fini();
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("requests");
    TCase *t = tcase_create("requests");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_test(t, an_answer_ends_it_once);
    tcase_add_loop_test(t, codes_are_ends, 0, (int)ARRAY_LEN(codes));
    tcase_add_test(t, time_is_over_for_each_by_itself);
    tcase_add_test(t, so_many_wait_and_no_more);
    tcase_add_test(t, so_many_wait_of_all_launchers_together);
    tcase_add_test(t, a_launcher_that_is_away_is_not_asked);
    tcase_add_test(t, an_older_launcher_is_known_by_its_first_message);
    tcase_add_test(t, a_state_after_the_hello_makes_it_no_older);
    tcase_add_test(t, a_connection_that_is_closed_is_sent_nothing);
    tcase_add_test(t, a_launcher_that_says_nothing_ends_in_time);
    tcase_add_test(t, on_the_next_connection_it_is_sent_again);
    tcase_add_test(t, time_goes_on_while_the_connection_is_away);
    tcase_add_test(t, another_process_is_not_asked_again);
    tcase_add_test(t, what_a_launcher_has_forgotten_is_not_sent_again);
    tcase_add_test(t, what_a_connection_does_not_take_waits_for_the_next);
    tcase_add_test(t, arguments_have_a_cap);
    tcase_add_test(t, a_cancelled_one_is_not_told);
    tcase_add_test(t, who_is_told_may_ask_again);
    tcase_add_test(t, numbers_begin_again_at_their_end);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_ENV);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
