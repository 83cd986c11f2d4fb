// Who gets a place at a port, who has to go, and which addresses are remembered.
#include "serve/http/crowd.h"

#include <arpa/inet.h>
#include <check.h>

#include "serve/http/proven.h"

enum { MEMBERS_MAX = 16 };

static struct crowd crowd;
static struct crowd_member *who[MEMBERS_MAX];
static char owners[MEMBERS_MAX];
static unsigned n_made;

static void
setup(void)
{
    crowd = (struct crowd){0};
    n_made = 0;
}

static void
teardown(void)
{
    for (unsigned i = 0; i < n_made; i++) {
        if (who[i]) {
            crowd_leave(&crowd, who[i]);
        }
    }
    ck_assert_ptr_null(crowd.peers); /* nothing is kept of those that went */
    ck_assert_ptr_null(crowd.turns);
}

static struct crowd_address
address(unsigned char last)
{
    return (struct crowd_address){.bytes = {[15] = last}};
}

/* A member of the address 10.0.0.<last>, in that state. */
static struct crowd_member *
come(unsigned char last, enum crowd_state state)
{
    struct crowd_address a = address(last);
    struct crowd_member *m = crowd_enter(&crowd, &a, n_made, &owners[n_made]);

    if (state == CROWD_READY) {
        crowd_ready(&crowd, m, n_made);
    } else if (state == CROWD_PLACED) {
        crowd_place(&crowd, m, n_made, &owners[n_made]);
    }
    who[n_made++] = m;
    return m;
}

/* Each row: members in the order in which they come, as letters of their address: small is silent, large is ready, after a '+' it has
 * a place. Then which of them (from 0) has to leave the room, gets the next of 4 places, and loses its own for that; -1 is nobody. */
static const struct {
    const char *name, *members;
    int surplus, next, victim;
} rows[] = {
    {"nobody is there", "", -1, -1, -1},
    {"who is silent gets no place", "ab", 0, -1, -1},
    {"who is ready gets one", "aB", -1, 1, -1},
    {"of one address the newest first", "AAA", 0, 2, -1},
    {"of equals who was served longer ago", "A+BB+A", -1, 2, -1},
    {"an address with less goes first, whoever came first", "+A+AAB", -1, 3, -1},
    {"of the largest address the oldest silent one goes", "AAaaB", 2, 1, -1},
    {"where all have one the oldest silent one goes", "aBc", 0, 1, -1},
    {"where all have one and are ready nobody goes", "ABC", -1, 0, -1},
    {"all places taken by others of the same", "+A+A+A+AA", -1, -1, -1},
    {"one address has all places", "+A+A+A+AB", -1, 4, 0},
    {"it has one more than it should, no more", "+A+A+B+BB", -1, -1, -1},
    {"the largest gives, its oldest", "+B+A+A+AC", -1, 4, 1},
    {"everybody has one place", "+A+B+C+DE", -1, -1, -1},
};

static int
index_of(const struct crowd_member *m)
{
    for (unsigned i = 0; i < n_made; i++) {
        if (who[i] == m) {
            return (int)i;
        }
    }
    return -1;
}

START_TEST(shares)
{
    struct crowd_member *victim = NULL;

    for (const char *p = rows[_i].members; *p; p++) {
        bool is_placed = *p == '+';

        p += is_placed;
        come((unsigned char)(*p | 0x20), is_placed ? CROWD_PLACED : *p >= 'a' ? CROWD_SILENT : CROWD_READY);
    }
    ck_assert_msg(index_of(crowd_surplus(&crowd)) == rows[_i].surplus, "%s: surplus", rows[_i].name);
    ck_assert_msg(index_of(crowd_next(&crowd, 4, &victim)) == rows[_i].next, "%s: next", rows[_i].name);
    ck_assert_msg(index_of(victim) == rows[_i].victim, "%s: victim", rows[_i].name);
    ck_assert_ptr_null(crowd_next(&crowd, 0, &victim));
    ck_assert_ptr_null(victim);
}
END_TEST

START_TEST(addresses_take_turns)
{
    struct crowd_member *victim = NULL;

    for (const char *p = "aaabbbccc"; *p; p++) {
        come((unsigned char)*p, CROWD_READY);
    }
    for (const char *want = "abcabcabc"; *want; want++) {
        struct crowd_member *m = crowd_next(&crowd, 100, &victim);

        ck_assert_int_eq("aaabbbccc"[index_of(m)], *want);
        crowd_place(&crowd, m, 0, m->owner);
    }
    ck_assert_uint_eq(crowd_in_room(&crowd), 0);
}
END_TEST

static struct crowd_address
of_text(const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        return crowd_address_of((const struct sockaddr *)&v4);
    }
    ck_assert_int_eq(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
    return crowd_address_of((const struct sockaddr *)&v6);
}

static const struct {
    const char *one, *other;
    bool is_same;
} pairs[] = {
    {"10.0.0.1", "10.0.0.1", true},
    {"10.0.0.1", "10.0.0.2", false},
    {"10.0.0.1", "::ffff:10.0.0.1", true},
    {"fd00::1", "fd00::2:3:4:5", true},
    {"fd00:0:0:1::1", "fd00:0:0:2::1", false},
};

START_TEST(what_counts_as_one_address)
{
    struct crowd_address a = of_text(pairs[_i].one), b = of_text(pairs[_i].other);

    ck_assert_msg((memcmp(&a, &b, sizeof(a)) == 0) == pairs[_i].is_same, "%s, %s", pairs[_i].one, pairs[_i].other);
}
END_TEST

START_TEST(proof_is_remembered_for_a_while)
{
    struct proven p = {0};
    struct crowd_address a = address(1), b = address(2);

    proven_add(&p, &a, 0);
    ck_assert(proven_has(&p, &a, PROVEN_MS - 1));
    ck_assert(!proven_has(&p, &b, 0));
    ck_assert(!proven_has(&p, &a, PROVEN_MS));
    proven_add(&p, &a, PROVEN_MS);
    ck_assert(proven_has(&p, &a, 2 * PROVEN_MS - 1));
    proven_fini(&p);
}
END_TEST

START_TEST(proofs_are_bounded)
{
    struct proven p = {0};
    struct crowd_address first = address(1), second = {.bytes = {0}};

    proven_add(&p, &first, 0);
    for (unsigned i = 0; i < PROVEN_MAX; i++) {
        struct crowd_address a = {.bytes = {1, (unsigned char)(i >> 8), (unsigned char)i}};

        second = i == 1 ? a : second;
        proven_add(&p, &a, 1);
    }
    ck_assert(!proven_has(&p, &first, 1));
    ck_assert(proven_has(&p, &second, 1));
    proven_fini(&p);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("crowd");
    TCase *tc = tcase_create("crowd");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, shares, 0, (int)ARRAY_LEN(rows));
    tcase_add_test(tc, addresses_take_turns);
    tcase_add_loop_test(tc, what_counts_as_one_address, 0, (int)ARRAY_LEN(pairs));
    tcase_add_test(tc, proof_is_remembered_for_a_while);
    tcase_add_test(tc, proofs_are_bounded);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
