// The queue: one entry a key, due times, keys at work, back-off.
#include "cache/queue.h"

#include <check.h>

static struct queue *q;

static void
setup(void)
{
    q = queue_new();
}

static void
teardown(void)
{
    queue_free(q);
}

START_TEST(a_key_stands_once)
{
    queue_add(q, "vm/a/1", QUEUE_BEGINNING, 1000, 0);
    queue_add(q, "vm/a/1", QUEUE_BEGINNING, 1000, 0);
    ck_assert_uint_eq(queue_len(q), 1);
    ck_assert_str_eq(queue_pop(q, 1000), "vm/a/1");
    ck_assert_ptr_null(queue_pop(q, 1000));
}
END_TEST

START_TEST(earliest_due_first)
{
    queue_add(q, "late", QUEUE_BEGINNING, 1000, 500);
    queue_add(q, "soon", QUEUE_BEGINNING, 1000, 10);
    queue_add(q, "now", QUEUE_BEGINNING, 1000, 0);
    queue_add(q, "late", QUEUE_BEGINNING, 1000, 5);   /* made earlier */
    queue_add(q, "soon", QUEUE_BEGINNING, 1000, 900); /* a later wish changes nothing */
    ck_assert_str_eq(queue_pop(q, 2000), "now");
    ck_assert_str_eq(queue_pop(q, 2000), "late");
    ck_assert_str_eq(queue_pop(q, 2000), "soon");
}
END_TEST

START_TEST(nothing_before_it_is_due)
{
    queue_add(q, "k", QUEUE_BEGINNING, 1000, 100);
    ck_assert_ptr_null(queue_pop(q, 1099));
    ck_assert_int_eq(queue_wait_ms(q, 1040), 60);
    ck_assert_ptr_nonnull(queue_pop(q, 1100));
    ck_assert_int_eq(queue_wait_ms(q, 1100), -1);
}
END_TEST

START_TEST(a_key_at_work_comes_again_after_done)
{
    queue_add(q, "k", QUEUE_BEGINNING, 0, 0);
    ck_assert_ptr_nonnull(queue_pop(q, 0));
    queue_add(q, "k", QUEUE_BEGINNING, 5, 0);
    ck_assert_ptr_null(queue_pop(q, 5));
    queue_done(q, "k", 6);
    ck_assert_ptr_nonnull(queue_pop(q, 6));
    queue_done(q, "k", 7);
    ck_assert_ptr_null(queue_pop(q, 100));
}
END_TEST

START_TEST(the_earlier_of_two_wishes_at_work_counts)
{
    queue_add(q, "k", QUEUE_BEGINNING, 0, 0);
    ck_assert_ptr_nonnull(queue_pop(q, 0));
    queue_add(q, "k", QUEUE_BEGINNING, 0, 10);
    queue_add(q, "k", QUEUE_BEGINNING, 0, 5000);
    queue_done(q, "k", 1);
    ck_assert_int_eq(queue_wait_ms(q, 1), 9);
}
END_TEST

START_TEST(backoff_grows_until_forgotten)
{
    queue_add(q, "k", QUEUE_BEGINNING, 0, 0);
    int64_t first = queue_backoff_ms(q, "k", 0);
    int64_t second = queue_backoff_ms(q, "k", 0);
    ck_assert_int_gt(second, first);
    queue_forget(q, "k");
    ck_assert_int_eq(queue_backoff_ms(q, "k", 0), first);
}
END_TEST

START_TEST(clear_keeps_only_what_is_at_work)
{
    queue_add(q, "busy", QUEUE_BEGINNING, 0, 0);
    ck_assert_ptr_nonnull(queue_pop(q, 0));
    queue_add(q, "idle", QUEUE_BEGINNING, 0, 0);
    queue_add(q, "busy", QUEUE_BEGINNING, 0, 0);
    queue_clear(q);
    ck_assert_uint_eq(queue_len(q), 0);
    queue_done(q, "busy", 1);
    ck_assert_ptr_null(queue_pop(q, 10));
}
END_TEST

START_TEST(ten_thousand_keys_come_out_in_order)
{
    static int64_t due[10000];
    char key[32];
    uint32_t x = 12345;

    for (int i = 0; i < 10000; i++) {
        x = x * 1103515245U + 12345U;
        (void)snprintf(key, sizeof(key), "k%d", i);
        due[i] = (int64_t)(x >> 8) % 100000;
        queue_add(q, key, QUEUE_BEGINNING, 0, due[i]);
    }
    int64_t now = 0;
    int64_t last = -1;
    for (int i = 0; i < 10000; i++) {
        now += queue_wait_ms(q, now);
        const char *next = queue_pop(q, now);
        ck_assert_ptr_nonnull(next);
        int64_t of_next = due[strtol(next + 1, NULL, 10)];
        ck_assert_int_ge(of_next, last);
        last = of_next;
    }
    ck_assert_ptr_null(queue_pop(q, 1000000));
}
END_TEST

START_TEST(namespaces_take_turns)
{
    static const char *const want[] = {"vm/big/1", "vm/small/1", "vm/big/2", "vm/big/3"};

    queue_add(q, "vm/big/1", QUEUE_BEGINNING, 0, 0);
    queue_add(q, "vm/big/2", QUEUE_BEGINNING, 0, 0);
    queue_add(q, "vm/big/3", QUEUE_BEGINNING, 0, 0);
    queue_add(q, "vm/small/1", QUEUE_BEGINNING, 0, 0);
    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        ck_assert_str_eq(queue_pop(q, 0), want[i]);
    }
    ck_assert_ptr_null(queue_pop(q, 0));
}
END_TEST

START_TEST(what_is_under_way_goes_first_but_beginnings_are_not_starved)
{
    char key[32];
    unsigned n_begun = 0;

    for (int i = 0; i < 64; i++) {
        (void)snprintf(key, sizeof(key), "vm/a/%d", i);
        queue_add(q, key, QUEUE_BEGINNING, 0, 0);
        (void)snprintf(key, sizeof(key), "vmi/a/%d", i);
        queue_add(q, key, QUEUE_UNDER_WAY, 0, 0);
    }
    for (int i = 0; i < 64; i++) {
        n_begun += str_starts(queue_pop(q, 0), "vm/") ? 1 : 0;
    }
    ck_assert_uint_eq(n_begun, 64 / QUEUE_NEXT_EVERY);
    queue_add(q, "vm/a/63", QUEUE_UNDER_WAY, 0, 0); /* a wish of the more urgent class moves it */
    for (int i = 0; i < 100; i++) {
        const char *next = queue_pop(q, 0);
        if (str_eq(next, "vm/a/63")) {
            return;
        }
        ck_assert(i < 20);
    }
}
END_TEST

START_TEST(what_is_at_rest_comes_last_and_comes)
{
    static const char *const kinds[N_QUEUE_CLASSES] = {"vmi/", "vm/", "pod/"};
    unsigned n[N_QUEUE_CLASSES] = {0};
    char key[32];

    for (int i = 0; i < 640; i++) {
        for (int c = 0; c < N_QUEUE_CLASSES; c++) {
            (void)snprintf(key, sizeof(key), "%sa/%d", kinds[c], i);
            queue_add(q, key, (enum queue_class)c, 0, 0);
        }
    }
    for (int i = 0; i < 640; i++) {
        const char *next = queue_pop(q, 0);
        for (int c = 0; c < N_QUEUE_CLASSES; c++) {
            n[c] += str_starts(next, kinds[c]) ? 1 : 0;
        }
    }
    ck_assert_uint_eq(n[QUEUE_AT_REST], 640 / QUEUE_NEXT_EVERY / QUEUE_NEXT_EVERY);
    ck_assert_uint_eq(n[QUEUE_BEGINNING], 640 / QUEUE_NEXT_EVERY - n[QUEUE_AT_REST]);
    queue_add(q, "pod/a/639", QUEUE_BEGINNING, 0, 0); /* something was heard of it */
    unsigned n_at_rest = 0;
    for (const char *next = queue_pop(q, 0); !str_eq(next, "pod/a/639"); next = queue_pop(q, 0)) {
        n_at_rest += str_starts(next, "pod/") ? 1 : 0;
    }
    ck_assert_uint_lt(n_at_rest, 100);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("queue");
    TCase *tc = tcase_create("queue");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, a_key_stands_once);
    tcase_add_test(tc, earliest_due_first);
    tcase_add_test(tc, nothing_before_it_is_due);
    tcase_add_test(tc, a_key_at_work_comes_again_after_done);
    tcase_add_test(tc, the_earlier_of_two_wishes_at_work_counts);
    tcase_add_test(tc, backoff_grows_until_forgotten);
    tcase_add_test(tc, clear_keeps_only_what_is_at_work);
    tcase_add_test(tc, ten_thousand_keys_come_out_in_order);
    tcase_add_test(tc, namespaces_take_turns);
    tcase_add_test(tc, what_is_under_way_goes_first_but_beginnings_are_not_starved);
    tcase_add_test(tc, what_is_at_rest_comes_last_and_comes);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
