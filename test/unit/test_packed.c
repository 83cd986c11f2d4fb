// Packed texts: what goes in comes out, whatever the dictionary did meanwhile; bytes that are wrong are refused.
#include "cache/packed.h"

#include <check.h>

static struct packer *packer;

static void
setup(void)
{
    packer = packer_new();
}

static void
teardown(void)
{
    packer_free(packer);
}

/* Texts of one sort resemble each other; 'i' is what differs. */
static char *
text_of(const char *sort, unsigned i)
{
    return xasprintf(
        "{\"sort\":\"%s\",\"metadata\":{\"name\":\"vm-%u\",\"uid\":\"%08x-0000-4000\"},\"spec\":{\"running\":true,"
        "\"%s-volumes\":[{\"name\":\"root\"},{\"name\":\"data\"}],\"%s-networks\":[{\"pod\":{}}]}}",
        sort, i, i * 2654435761U, sort, sort);
}

static void
check_text(const struct packed *t, const char *want, size_t len)
{
    AUTO(freep) char *text = NULL;

    ck_assert_ptr_null(packed_text(t, &text));
    ck_assert_uint_eq(t->len, len);
    ck_assert_int_eq(memcmp(text, want, len), 0);
    ck_assert_int_eq(text[len], 0);
    ck_assert(packed_is(t, want, len));
}

/* A text that no dictionary helps with. */
static void
fill_noise(char *to, size_t len)
{
    uint32_t x = 2463534242U;

    for (size_t i = 0; i < len; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        to[i] = (char)(x & 0xff);
    }
}

static void
fill_same(char *to, size_t len)
{
    memset(to, 'a', len);
}

static void
fill_words(char *to, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        to[i] = (char)('a' + (i / 7 * 31 + i % 7) % 23);
    }
}

static void (*const fills[])(char *to, size_t len) = {fill_noise, fill_same, fill_words};

static void
round_trip(void (*fill)(char *to, size_t len), size_t len)
{
    AUTO(freep) char *text = xcalloc(len + 1, 1); /* ASan sees a step beyond it */

    fill(text, len);
    AUTO(packed_freep) struct packed *t = packed_new(packer, text, len);
    check_text(t, text, len);
    ck_assert_uint_le(t->size, t->len);
    AUTO(packed_freep) struct packed *copy = packed_copy(t);
    check_text(copy, text, len);
    if (len > 0) {
        text[len - 1] ^= 1;
        ck_assert(!packed_is(t, text, len));
        ck_assert(!packed_is(t, text, len - 1));
    }
}

START_TEST(every_size_comes_back)
{
    for (size_t len = 0; len < 3000; len += len < 300 ? 1 : 37) {
        round_trip(fills[_i], len);
    }
}
END_TEST

START_TEST(sizes_around_the_bounds_come_back)
{
    static const size_t sizes[] = {DICTIONARY_MAX,      65535,           65536, 65537, PACKED_TEXT_MAX - 1,
                                   PACKED_TEXT_MAX + 1, PACKED_TEXT_MAX, 1};

    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        round_trip(fills[_i], sizes[i]);
    }
}
END_TEST

START_TEST(what_resembles_an_earlier_text_takes_a_fraction)
{
    for (unsigned i = 0; i < 100; i++) {
        AUTO(freep) char *text = text_of("a", i);
        AUTO(packed_freep) struct packed *t = packed_new(packer, text, strlen(text));
        check_text(t, text, strlen(text));
        ck_assert_uint_lt(packed_bytes(t) * 2, strlen(text));
    }
    ck_assert_uint_eq(packer_changes(packer), 0); /* nothing to gain */
}
END_TEST

START_TEST(without_a_packer_a_text_is_kept_as_it_is)
{
    AUTO(packed_freep) struct packed *t = packed_new(NULL, "aaaaaaaaaaaaaaaaaaaaaaaa", 24);

    ck_assert_uint_eq(t->size, 24);
    check_text(t, "aaaaaaaaaaaaaaaaaaaaaaaa", 24);
}
END_TEST

enum { N_TEXTS = 200 };

START_TEST(texts_outlive_their_dictionary)
{
    struct packed *texts[2 * N_TEXTS];

    for (unsigned i = 0; i < 2 * N_TEXTS; i++) {
        AUTO(freep) char *text = text_of(i < N_TEXTS ? "young" : "grown", i);
        texts[i] = packed_new(packer, text, strlen(text));
    }
    ck_assert_uint_gt(packer_changes(packer), 0);
    ck_assert_ptr_ne(texts[0]->dictionary, texts[2 * N_TEXTS - 1]->dictionary);
    ck_assert_uint_lt(texts[2 * N_TEXTS - 1]->size, texts[N_TEXTS]->size); /* it paid */
    AUTO(freep) char *young = text_of("young", 7);
    AUTO(packed_freep) struct packed *again = packed_new(packer, young, strlen(young));
    ck_assert_uint_lt(again->size * 2, again->len); /* what was learnt before is not forgotten */
    packer_free(STEAL(packer));
    for (unsigned i = 0; i < 2 * N_TEXTS; i++) {
        AUTO(freep) char *text = text_of(i < N_TEXTS ? "young" : "grown", i);
        check_text(texts[i], text, strlen(text));
        packed_free(texts[i]);
    }
}
END_TEST

/* Whether it is refused or gives another text of the same length: never a byte beyond, which ASan would see. */
static bool
is_refused(const struct packed *t)
{
    AUTO(freep) char *text = NULL;
    AUTO(err_freep) struct err *e = packed_text(t, &text);

    ck_assert(e ? !text && err_class(e) == ERR_FATAL : strlen(text) <= t->len);
    return e;
}

static struct packed *
second_text(void)
{
    AUTO(freep) char *first = text_of("a", 1);
    AUTO(freep) char *second = text_of("a", 2);
    AUTO(packed_freep) struct packed *t = packed_new(packer, first, strlen(first));

    ck_assert_ptr_nonnull(t->dictionary);
    return packed_new(packer, second, strlen(second));
}

START_TEST(a_wrong_byte_is_refused_or_stays_within)
{
    AUTO(packed_freep) struct packed *good = second_text();
    unsigned n_refused = 0;

    for (uint32_t at = 0; at < good->size; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            AUTO(packed_freep) struct packed *bad = packed_copy(good);
            bad->bytes[at] = (char)((unsigned char)bad->bytes[at] ^ 1U << bit);
            n_refused += is_refused(bad);
        }
    }
    ck_assert_uint_gt(n_refused, 0);
}
END_TEST

START_TEST(a_wrong_length_is_refused)
{
    AUTO(packed_freep) struct packed *good = second_text();

    for (uint32_t size = 0; size < good->size; size++) {
        AUTO(packed_freep) struct packed *bad = packed_copy(good);
        bad->size = size;
        ck_assert(is_refused(bad));
    }
    for (uint32_t len = 0; len < 2 * good->len; len++) {
        AUTO(packed_freep) struct packed *bad = packed_copy(good);
        bad->len = len;
        ck_assert(is_refused(bad) == (len != good->len));
    }
}
END_TEST

START_TEST(bytes_of_nobody_are_refused)
{
    AUTO(packed_freep) struct packed *bad = second_text();

    fill_noise(bad->bytes, bad->size);
    ck_assert(is_refused(bad));
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("packed");
    TCase *tc = tcase_create("packed");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, every_size_comes_back, 0, ARRAY_LEN(fills));
    tcase_add_loop_test(tc, sizes_around_the_bounds_come_back, 0, ARRAY_LEN(fills));
    tcase_add_test(tc, what_resembles_an_earlier_text_takes_a_fraction);
    tcase_add_test(tc, without_a_packer_a_text_is_kept_as_it_is);
    tcase_add_test(tc, texts_outlive_their_dictionary);
    tcase_add_test(tc, a_wrong_byte_is_refused_or_stays_within);
    tcase_add_test(tc, a_wrong_length_is_refused);
    tcase_add_test(tc, bytes_of_nobody_are_refused);
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
