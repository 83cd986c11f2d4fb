// How much of the API server strangers can spend, and that they cannot spend a known launcher's share.
#include "serve/trust/review_limit.h"

#include <check.h>

enum { NOW_MS = 1000000 };

/* Asks 'n' times in a row; returns how many were asked. Each ends at once. */
static int
ask(struct review_limit *l, const char *peer, int n, int64_t now_ms, enum review_end end)
{
    int asked = 0;

    for (int i = 0; i < n; i++) {
        enum review_share share = review_limit_begin(l, peer, now_ms);
        if (share != REVIEW_NOT_NOW) {
            review_limit_end(l, peer, share, end);
            asked++;
        }
    }
    return asked;
}

/* Asks once from each of 'n' addresses. */
static int
ask_from_many(struct review_limit *l, int n, int64_t now_ms)
{
    int asked = 0;

    for (int i = 0; i < n; i++) {
        AUTO(freep) char *peer = xasprintf("10.%d.%d.%d", i / 65536, i / 256 % 256, i % 256);
        asked += ask(l, peer, 1, now_ms, REVIEW_REFUSED);
    }
    return asked;
}

START_TEST(one_address_costs_so_much_and_no_more)
{
    struct review_limit *l = review_limit_new();

    ck_assert_int_eq(ask(l, "10.0.0.1", 100, NOW_MS, REVIEW_REFUSED), REVIEW_LIMIT_OF_PEER);
    ck_assert_int_eq(ask(l, "10.0.0.2", 100, NOW_MS, REVIEW_REFUSED), REVIEW_LIMIT_OF_PEER);
    ck_assert_int_eq(ask(l, "10.0.0.1", 100, NOW_MS + REVIEW_LIMIT_PEER_MS - 1, REVIEW_REFUSED), 0);
    ck_assert_int_eq(ask(l, "10.0.0.1", 100, NOW_MS + REVIEW_LIMIT_PEER_MS, REVIEW_REFUSED), 1);
    ck_assert_int_eq(ask(l, "10.0.0.1", 100, NOW_MS + 1000 * REVIEW_LIMIT_PEER_MS, REVIEW_REFUSED),
                     REVIEW_LIMIT_OF_PEER);
    review_limit_free(l);
}
END_TEST

START_TEST(all_addresses_cost_so_much_and_no_more)
{
    struct review_limit *l = review_limit_new();

    ck_assert_int_eq(ask_from_many(l, 1000, NOW_MS), REVIEW_LIMIT_OF_ALL);
    ck_assert_int_eq(ask_from_many(l, 1000, NOW_MS + 10 * REVIEW_LIMIT_ALL_MS), 10);
    review_limit_free(l);
}
END_TEST

START_TEST(what_is_good_costs_nothing)
{
    struct review_limit *l = review_limit_new();

    ck_assert_int_eq(ask(l, "10.0.0.1", 1000, NOW_MS, REVIEW_GOOD), 1000);
    review_limit_free(l);
}
END_TEST

START_TEST(strangers_do_not_starve_who_was_good_once)
{
    struct review_limit *l = review_limit_new();

    ck_assert_int_eq(ask(l, "10.200.0.1", 1, NOW_MS, REVIEW_GOOD), 1);
    ck_assert_int_eq(ask_from_many(l, 100000, NOW_MS), REVIEW_LIMIT_OF_ALL);
    ck_assert_int_eq(ask(l, "10.200.0.1", 3, NOW_MS, REVIEW_GOOD), 3);
    ck_assert_int_eq(ask(l, "10.200.0.1", 100, NOW_MS, REVIEW_REFUSED), REVIEW_LIMIT_OF_PEER); /* a guest that escaped */
    review_limit_free(l);
}
END_TEST

START_TEST(so_many_at_once)
{
    struct review_limit *l = review_limit_new();
    enum review_share shares[REVIEW_LIMIT_IN_FLIGHT];

    for (int i = 0; i < REVIEW_LIMIT_IN_FLIGHT; i++) {
        AUTO(freep) char *peer = xasprintf("10.0.0.%d", i);
        shares[i] = review_limit_begin(l, peer, NOW_MS);
        ck_assert_int_eq(shares[i], REVIEW_OF_STRANGER);
    }
    ck_assert_int_eq(review_limit_begin(l, "10.0.1.1", NOW_MS), REVIEW_NOT_NOW);
    for (int i = 0; i < REVIEW_LIMIT_IN_FLIGHT; i++) {
        AUTO(freep) char *peer = xasprintf("10.0.0.%d", i);
        review_limit_end(l, peer, shares[i], REVIEW_GOOD);
    }
    ck_assert_int_eq(review_limit_begin(l, "10.0.1.1", NOW_MS), REVIEW_OF_STRANGER);
    review_limit_end(l, "10.0.1.1", REVIEW_OF_STRANGER, REVIEW_UNKNOWN);
    review_limit_free(l);
}
END_TEST

/* Two at once, of which the first makes the peer known: each ends in the share that it began in. */
START_TEST(known_meanwhile)
{
    struct review_limit *l = review_limit_new();
    enum review_share first = review_limit_begin(l, "10.0.0.1", NOW_MS);
    enum review_share second = review_limit_begin(l, "10.0.0.1", NOW_MS);

    ck_assert_int_eq(second, REVIEW_OF_STRANGER);
    review_limit_end(l, "10.0.0.1", first, REVIEW_GOOD);
    enum review_share third = review_limit_begin(l, "10.0.0.1", NOW_MS);
    ck_assert_int_eq(third, REVIEW_OF_KNOWN);
    review_limit_end(l, "10.0.0.1", second, REVIEW_REFUSED);
    review_limit_end(l, "10.0.0.1", third, REVIEW_GOOD);
    review_limit_free(l);
}
END_TEST

START_TEST(memory_is_bounded)
{
    struct review_limit *l = review_limit_new();

    (void)ask_from_many(l, 3 * REVIEW_LIMIT_PEERS, NOW_MS);
    for (int i = 0; i < 3 * REVIEW_LIMIT_PEERS; i++) {
        AUTO(freep) char *peer = xasprintf("10.200.%d.%d", i / 256, i % 256);
        (void)ask(l, peer, 1, NOW_MS + (int64_t)i * REVIEW_LIMIT_ALL_MS, REVIEW_GOOD);
    }
    ck_assert_uint_le(review_limit_count(l), 2 * REVIEW_LIMIT_PEERS);
    ck_assert_uint_ge(review_limit_count(l), 2 * REVIEW_LIMIT_PEERS - 1); /* the last one is no stranger any more */
    review_limit_free(l);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("review_limit");
    TCase *t = tcase_create("review_limit");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_test(t, one_address_costs_so_much_and_no_more);
    tcase_add_test(t, all_addresses_cost_so_much_and_no_more);
    tcase_add_test(t, what_is_good_costs_nothing);
    tcase_add_test(t, strangers_do_not_starve_who_was_good_once);
    tcase_add_test(t, so_many_at_once);
    tcase_add_test(t, known_meanwhile);
    tcase_add_test(t, memory_is_bounded);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
