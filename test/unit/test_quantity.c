// Quantities are read as Kubernetes reads them.
#include "api/walk/quantity.h"

#include <check.h>

static const struct {
    const char *text;
    int64_t value, milli;
} good[] = {
    {"0", 0, 0},
    {"1", 1, 1000},
    {"+1", 1, 1000},
    {"-1", -1, -1000},
    {"007", 7, 7000},
    {".5", 1, 500},
    {"1.", 1, 1000},
    {"1.5", 2, 1500},
    {"-1.5", -2, -1500},
    {"500m", 1, 500},
    {"1500m", 2, 1500},
    {"1n", 1, 1},
    {"1u", 1, 1},
    {"1000u", 1, 1},
    {"1001u", 1, 2},
    {"1k", 1000, 1000000},
    {"1M", 1000000, 1000000000},
    {"128Mi", 134217728, 134217728000},
    {"1Gi", 1073741824, 1073741824000},
    {"1.5Gi", 1610612736, 1610612736000},
    {"0.1Ki", 103, 102400},
    {"1Ti", 1099511627776, 1099511627776000},
    {"2E", 2000000000000000000, INT64_MAX},
    {"7Ei", 8070450532247928832, INT64_MAX},
    {"1e3", 1000, 1000000},
    {"1E3", 1000, 1000000},
    {"1e-3", 1, 1},
    {"12e+1", 120, 120000},
    {"9223372036854775807", INT64_MAX, INT64_MAX},
    {"0000000000000000000000000000000000000000000001", 1, 1000},
};

START_TEST(a_quantity_is_read)
{
    struct quantity q = {0};
    AUTO(err_freep) struct err *e = quantity_parse(good[_i].text, &q);

    ck_assert_msg(!e, "%s: %s", good[_i].text, e ? err_text(e) : "");
    ck_assert_msg(q.value == good[_i].value && q.milli == good[_i].milli, "%s: %lld, %lld", good[_i].text,
                  (long long)q.value, (long long)q.milli);
    ck_assert_ptr_eq(q.text, good[_i].text);
}
END_TEST

static const char *const bad[] = {
    "",
    " ",
    "Gi",
    "1 Gi",
    "1GiB",
    "1gi",
    "1K",
    "1mi",
    "--1",
    "1-",
    "1.2.3",
    "e3",
    "1e",
    "1e+",
    "1e1e1",
    "0x10",
    "1,5",
    "NaN",
    "inf",
    "8Ei",
    "10E",
    "1e41",
    "9e18x",
    "9223372036854775808",
    "99999999999999999999999999999999999999999",
    ".",
    "-",
    "1e99999999999999",
    "1Gi ",
    "\n1",
};

START_TEST(what_is_no_quantity_is_refused)
{
    struct quantity q = {.value = 42};
    AUTO(err_freep) struct err *e = quantity_parse(bad[_i], &q);

    ck_assert_msg(e, "\"%s\" was read as %lld", bad[_i], (long long)q.value);
    ck_assert_int_eq(err_class(e), ERR_INVALID);
    ck_assert_int_eq(q.value, 42);
}
END_TEST

static const struct {
    int64_t bytes;
    const char *want;
} written[] = {
    {0, "0"},
    {1, "1"},
    {1024, "1Ki"},
    {1536, "1536"},
    {1048576, "1Mi"},
    {2147483648, "2Gi"},
    {1610612736, "1536Mi"},
    {1000000, "1000000"},
    {INT64_MAX, "9223372036854775807"},
    {1152921504606846976, "1Ei"},
};

START_TEST(bytes_are_written_short)
{
    struct arena *a = arena_new(1 << 16);
    struct quantity q;
    char *text = quantity_format_bytes(a, written[_i].bytes);

    ck_assert_str_eq(text, written[_i].want);
    AUTO(err_freep) struct err *e = quantity_parse(text, &q);
    ck_assert(!e && q.value == written[_i].bytes);
    arena_free(a);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("quantity");
    TCase *t = tcase_create("quantity");

    tcase_add_loop_test(t, a_quantity_is_read, 0, (int)ARRAY_LEN(good));
    tcase_add_loop_test(t, what_is_no_quantity_is_refused, 0, (int)ARRAY_LEN(bad));
    tcase_add_loop_test(t, bytes_are_written_short, 0, (int)ARRAY_LEN(written));
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
