// The parts of vmbridge-load that need no server: reading by scanning, filling templates, counting machines.
#include "book.h"
#include "pattern.h"
#include "scan.h"

#include <check.h>

static struct slice
text(const char *s)
{
    return (struct slice){s, strlen(s)};
}

static const struct {
    const char *name, *json, *key, *want; /* the value's text; NULL: absent */
} values[] = {
    {"a string", "{\"a\":\"x\"}", "a", "\"x\""},
    {"behind a nested object", "{\"n\":{\"a\":1,\"l\":[{}]},\"a\":2}", "a", "2"},
    {"brackets in a string are none", "{\"n\":\"]}{\\\"\",\"a\":true}", "a", "true"},
    {"a backslash at the end of a string", "{\"n\":\"\\\\\",\"a\":{}}", "a", "{}"},
    {"spaces anywhere", "{ \"n\" : [ 1 , 2 ] , \"a\" : \"x\" } ", "a", "\"x\""},
    {"an empty object", "{}", "a", NULL},
    {"an inner key is another one's", "{\"n\":{\"a\":1}}", "a", NULL},
    {"a list", "[\"a\"]", "a", NULL},
    {"nothing", "", "a", NULL},
    {"cut in a value", "{\"a\":\"x", "a", "\"x"},
    {"cut behind a key", "{\"a\"", "a", NULL},
};

START_TEST(finds_values)
{
    struct slice v = scan_key(text(values[_i].json), values[_i].key);

    if (!values[_i].want) {
        ck_assert_msg(!v.at, "%s: found '%.*s'", values[_i].name, (int)v.len, v.at);
        return;
    }
    ck_assert_msg(v.at && v.len == strlen(values[_i].want) && memcmp(v.at, values[_i].want, v.len) == 0, "%s: '%.*s'",
                  values[_i].name, (int)v.len, v.at ? v.at : "");
}
END_TEST

START_TEST(walks_lists_and_reads_values)
{
    const char *at = NULL;
    struct slice item;
    char buf[4];
    int64_t sum = 0;
    size_t n = 0;

    while (scan_item(text("[1, 20,{\"a\":[3]},\"4\"]"), &at, &item)) {
        sum += scan_int(item, 0);
        n++;
    }
    ck_assert_uint_eq(n, 4);
    ck_assert_int_eq(sum, 21);
    at = NULL;
    ck_assert(!scan_item(text("[]"), &at, &item));
    scan_copy(text("\"abcdef\""), buf, sizeof(buf));
    ck_assert_str_eq(buf, "abc");
    scan_copy(text("17"), buf, sizeof(buf));
    ck_assert_str_eq(buf, "");
    ck_assert(scan_is(text("\"ab\""), "ab") && !scan_is(text("\"ab\""), "a") && !scan_is(text("ab"), "ab"));
}
END_TEST

START_TEST(fills_templates)
{
    struct pattern *p =
        pattern_new("{\"n\":\"{{name}}-{{what}}\",\"g\":\"{{integer}}\",\"v\":\"{{value}}\"}{{vm-uid}}");
    const char *const given[N_SLOTS] = {[SLOT_NAME] = "vm-1", [SLOT_VALUE] = "7"};
    AUTO(freep) char *s = pattern_fill(p, given);

    ck_assert_str_eq(s, "{\"n\":\"vm-1-{{what}}\",\"g\":7,\"v\":\"7\"}");
    ck_assert(pattern_has(p, SLOT_VM_UID) && !pattern_has(p, SLOT_POD_UID));
    pattern_free(p);
}
END_TEST

/* Shows the book one object of bench-0/vm-1. */
static void
see(struct book *b, enum kind kind, const char *uid, bool is_good, int64_t now_ms)
{
    struct sight s = {.kind = kind, .namespace = "bench-0", .name = "vm-1", .machine = "vm-1", .is_good = is_good};

    (void)snprintf(s.uid, sizeof(s.uid), "%s", uid);
    book_see(b, &s, now_ms);
}

static void
unsee(struct book *b, enum kind kind)
{
    const struct sight s = {.kind = kind, .namespace = "bench-0", .name = "vm-1", .machine = "vm-1", .is_deleted = true};

    book_see(b, &s, 0);
}

START_TEST(counts_what_exists)
{
    struct book b = {0};

    see(&b, KIND_VM, "u1", false, 1);
    see(&b, KIND_VMI, "u2", false, 1);
    see(&b, KIND_POD, "u3", false, 1);
    see(&b, KIND_POD, "u3", true, 1);
    see(&b, KIND_VM, "u1", true, 1);
    ck_assert_uint_eq(b.counts[COUNT_READY], 1);
    ck_assert_uint_eq(b.counts[COUNT_POD_RUNNING], 1);
    ck_assert_uint_eq(b.counts[COUNT_VMI_RUNNING], 0);
    see(&b, KIND_POD, "u4", false, 1); /* another pod of that name */
    ck_assert_uint_eq(b.counts[COUNT_POD], 1);
    ck_assert_uint_eq(b.counts[COUNT_POD_RUNNING], 0);
    unsee(&b, KIND_VM);
    unsee(&b, KIND_VMI);
    ck_assert_uint_eq(b.counts[COUNT_GONE], 0); /* its pod is there */
    unsee(&b, KIND_POD);
    unsee(&b, KIND_POD);
    ck_assert_uint_eq(b.counts[COUNT_GONE], 1);
    ck_assert_uint_eq(b.counts[COUNT_READY], 0);
    see(&b, KIND_VM, "u5", false, 1);
    ck_assert_uint_eq(b.counts[COUNT_GONE], 0);
    book_fini(&b);
}
END_TEST

START_TEST(what_a_new_list_does_not_hold_is_gone)
{
    struct book b = {0};

    book_list_begins(&b, KIND_VM);
    see(&b, KIND_VM, "u1", true, 1);
    book_list_ends(&b, KIND_VM);
    ck_assert_uint_eq(b.counts[COUNT_READY], 1);
    book_list_begins(&b, KIND_VM);
    book_list_ends(&b, KIND_VM);
    ck_assert_uint_eq(b.counts[COUNT_VM] + b.counts[COUNT_READY], 0);
    ck_assert_uint_eq(b.counts[COUNT_GONE], 1);
    book_fini(&b);
}
END_TEST

START_TEST(stamps_the_first_sight_of_our_machines_only)
{
    struct book b = {0};

    see(&b, KIND_VMI, "u1", true, 5);
    const struct machine *m = book_machine(&b, "bench-0", "vm-1");
    ck_assert_int_eq(m->at[STAMP_VMI], 0); /* was there before we made it */
    (void)book_expect(&b, "bench-0", "vm-1", 10);
    see(&b, KIND_POD, "u2", false, 20);
    see(&b, KIND_POD, "u2", true, 30);
    see(&b, KIND_POD, "u2", true, 40);
    ck_assert_int_eq(m->at[STAMP_CREATED], 10);
    ck_assert_int_eq(m->at[STAMP_POD], 20);
    ck_assert_int_eq(m->at[STAMP_POD_RUNNING], 30);
    ck_assert_int_eq(m->at[STAMP_READY], 0);
    book_fini(&b);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("load_parts");
    TCase *t = tcase_create("parts");

    tcase_add_loop_test(t, finds_values, 0, ARRAY_LEN(values));
    tcase_add_test(t, walks_lists_and_reads_values);
    tcase_add_test(t, fills_templates);
    tcase_add_test(t, counts_what_exists);
    tcase_add_test(t, what_a_new_list_does_not_hold_is_gone);
    tcase_add_test(t, stamps_the_first_sight_of_our_machines_only);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed > 0;
}
