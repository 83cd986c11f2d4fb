// Errors, buffers, arena, back-off, time, JSON, YAML, metrics.
#include "base/arena.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/utf8.h"
#include "base/yaml.h"

#include <check.h>
#include <errno.h>
#include <signal.h>

START_TEST(a_stolen_pointer_is_null)
{
    char *s = xstrdup("x");
    AUTO(freep) char *t = STEAL(s);

    ck_assert_ptr_null(s);
    ck_assert_str_eq(t, "x");
}
END_TEST

START_TEST(errors_carry_class_and_text)
{
    struct err *e = err_wrap(err_wrap(err_new(ERR_CONFLICT, "cause %d", 1), "step"), "object %s", "a/b");

    ck_assert_int_eq(err_class(e), ERR_CONFLICT);
    ck_assert_str_eq(err_text(e), "object a/b: step: cause 1");
    struct err *copy = err_copy(e);
    err_free(e);
    ck_assert_str_eq(err_text(copy), "object a/b: step: cause 1");
    err_free(copy);
    ck_assert(!err_wrap(NULL, "nothing"));
    ck_assert(!err_copy(NULL));
    e = err_errno(ENOENT, "open %s", "f");
    ck_assert_int_eq(err_class(e), ERR_RETRY);
    ck_assert_str_eq(err_text(e), "open f: No such file or directory");
    err_free(e);
}
END_TEST

START_TEST(error_texts_are_capped_and_clean)
{
    AUTO(freep) char *text = xcalloc(1, 5001);

    memset(text, 'x', 5000);
    memcpy(text, "a\nb\x1b[c\x7f", 8);
    text[7] = 'd';
    struct err *e = err_new(ERR_RETRY, "%s", text);
    ck_assert_uint_eq(strlen(err_text(e)), 2000);
    ck_assert(str_starts(err_text(e), "a b [c d"));
    e = err_wrap(e, "more");
    ck_assert_uint_eq(strlen(err_text(e)), 2000);
    ck_assert(str_starts(err_text(e), "more: a b"));
    err_free(e);
}
END_TEST

START_TEST(error_texts_stay_text)
{
    AUTO(freep) char *text = xcalloc(1, 5001);

    for (unsigned i = 0; i < 1666; i++) {
        text[i * 3] = '\xe2'; /* 2000 is no multiple of 3 */
        text[i * 3 + 1] = '\x82';
        text[i * 3 + 2] = '\xac';
    }
    struct err *e = err_new(ERR_RETRY, "%s", text);
    ck_assert_uint_eq(strlen(err_text(e)), 1998);
    ck_assert_uint_eq(utf8_cut(err_text(e), SIZE_MAX), 1998);
    err_free(e);
    e = err_new(ERR_RETRY, "a\xff z \xe2\x82 \u202e\xc2\x9b.");
    ck_assert_str_eq(err_text(e), "a? z ?? ??.");
    err_free(e);
}
END_TEST

static const struct {
    const char *text;
    size_t max, want;
} cuts[] = {
    {"", 0, 0},         {"abc", 2, 2},          {"abc", 9, 3},        {"a\u00e9", 1, 1},    {"a\u00e9", 2, 1},
    {"a\u00e9", 3, 3},  {"\u20ac\u20ac", 5, 3}, {"\U0001f600", 3, 0}, {"a\xff\xffz", 3, 3}, /* what is no text is cut anywhere */
    {"\xe2\x82", 9, 2},
};

START_TEST(cuts_fall_between_characters)
{
    ck_assert_uint_eq(utf8_cut(cuts[_i].text, cuts[_i].max), cuts[_i].want);
}
END_TEST

START_TEST(what_is_no_text_is_mended)
{
    char text[] = "a\xc0\x80 \xed\xa0\x80 \xf4\x90\x80\x80 \xe2\x82";

    utf8_mend(text);
    ck_assert_str_eq(text, "a?? ??? ???? ??");
}
END_TEST

START_TEST(a_buffer_grows_to_its_cap_and_no_further)
{
    AUTO(strbuf_fini) struct strbuf sb = STRBUF_INIT(5);

    ck_assert_str_eq(strbuf_str(&sb), "");
    ck_assert(strbuf_adds(&sb, "abc"));
    ck_assert(strbuf_addc(&sb, 'd'));
    ck_assert(!strbuf_adds(&sb, "ef"));
    ck_assert(sb.over);
    ck_assert_str_eq(sb.buf, "abcd");
    ck_assert_msg(!strbuf_addc(&sb, 'e'), "what comes after a gap must not be added");
    strbuf_reset(&sb);
    ck_assert(!sb.over && strbuf_addf(&sb, "%d", 12345));
    ck_assert(!strbuf_add(&sb, "x", SIZE_MAX));
    ck_assert_str_eq(sb.buf, "12345");
}
END_TEST

START_TEST(a_buffer_is_consumed_and_stolen)
{
    AUTO(strbuf_fini) struct strbuf sb = STRBUF_INIT(1000);

    ck_assert(strbuf_adds(&sb, "hello"));
    strbuf_consume(&sb, 2);
    ck_assert_str_eq(sb.buf, "llo");
    strbuf_consume(&sb, 0);
    strbuf_consume(&sb, 3);
    ck_assert_str_eq(sb.buf, "");
    ck_assert(strbuf_adds(&sb, "again"));
    AUTO(freep) char *s = strbuf_steal(&sb);
    AUTO(freep) char *none = strbuf_steal(&sb);
    ck_assert_str_eq(s, "again");
    ck_assert_str_eq(none, "");
    ck_assert_uint_eq(sb.max, 1000);
}
END_TEST

static void
count_up(void *arg)
{
    unsigned *n = arg;

    *n = *n * 10 + 1;
}

static void
count_twice(void *arg)
{
    unsigned *n = arg;

    *n = *n * 10 + 2;
}

START_TEST(an_arena_gives_zeroed_aligned_memory)
{
    struct arena *a = arena_new(1 << 20);

    for (size_t i = 1; i < 3000; i++) {
        unsigned char *p = arena_alloc(a, 1, i);
        ck_assert_uint_eq((uintptr_t)p % _Alignof(max_align_t), 0);
        ck_assert(p[0] == 0 && memcmp(p, p + 1, i - 1) == 0);
        memset(p, 0xff, i);
        if (i % 500 == 0) {
            arena_reset(a);
            ck_assert_uint_eq(arena_used(a), 0);
        }
    }
    arena_free(a);
    arena_free(NULL);
}
END_TEST

START_TEST(an_arena_says_that_it_is_over)
{
    struct arena *a = arena_new(1000);

    ck_assert(arena_alloc(a, 10, 90));
    ck_assert(!arena_is_over(a));
    char *late = arena_alloc(a, 1, 500);
    late[499] = 'x';
    ck_assert(arena_is_over(a));
    arena_reset(a);
    ck_assert(!arena_is_over(a));
    ck_assert_str_eq(arena_printf(a, "%s-%d", "a", 7), "a-7");
    ck_assert_str_eq(arena_strdup(a, "b"), "b");
    ck_assert_str_eq(arena_strndup(a, "cde", 2), "cd");
    ck_assert(!arena_strdup(a, NULL));
    arena_free(a);
}
END_TEST

START_TEST(an_arena_runs_what_was_registered_last_first)
{
    struct arena *a = arena_new(1000);
    unsigned n = 0;

    arena_on_reset(a, count_up, &n);
    arena_on_reset(a, count_twice, &n);
    arena_reset(a);
    ck_assert_uint_eq(n, 21);
    arena_reset(a);
    ck_assert_uint_eq(n, 21);
    json_t *j = json_in_arena(a, json_object());
    (void)json_incref(j);
    arena_free(a);
    ck_assert_uint_eq(j->refcount, 1);
    json_decref(j);
}
END_TEST

START_TEST(back_off_doubles_to_its_cap)
{
    static const int64_t want[] = {100, 200, 400, 800, 1000, 1000};
    struct backoff b = {.base_ms = 100, .max_ms = 1000};

    for (size_t i = 0; i < ARRAY_LEN(want); i++) {
        for (uint32_t rnd = 0; rnd < 5000; rnd += 7) {
            struct backoff copy = b;
            int64_t ms = backoff_next_ms(&copy, rnd);
            ck_assert_int_ge(ms, want[i] / 2);
            ck_assert_int_le(ms, want[i]);
        }
        (void)backoff_next_ms(&b, 0);
    }
    b.attempts = 4000000000U;
    ck_assert_int_le(backoff_next_ms(&b, UINT32_MAX), 1000);
    backoff_reset(&b);
    ck_assert_int_le(backoff_next_ms(&b, UINT32_MAX), 100);
}
END_TEST

static const struct {
    const char *text;
    bool want_ok;
    int64_t want_s;
} times[] = {
    {"1970-01-01T00:00:00Z", true, 0},
    {"2024-02-29T12:34:56Z", true, 1709210096},
    {"2024-02-29T12:34:56.123456789Z", true, 1709210096},
    {"2024-02-29T14:34:56+02:00", true, 1709210096},
    {"2024-02-29T07:04:56-05:30", true, 1709210096},
    {"2038-01-19T03:14:08Z", true, 2147483648},
    {"2024-02-29T12:34:56", false, 0},
    {"2024-02-29 12:34:56Z", false, 0},
    {"2024-02-29T12:34Z", false, 0},
    {"2024-13-01T00:00:00Z", false, 0},
    {"2024-02-29T12:34:56Zx", false, 0},
    {"2024-02-29T12:34:56+2:00", false, 0},
    {"2024-02-29T12:34:56+0a:00", false, 0},
    {"2024-02-29T12:34:56.Z", false, 0},
    {"", false, 0},
};

START_TEST(times_are_read)
{
    int64_t s = -7;
    bool ok = clock_parse(times[_i].text, &s);

    ck_assert_msg(ok == times[_i].want_ok, "%s: %s", times[_i].text, ok ? "taken" : "refused");
    ck_assert_msg(s == (ok ? times[_i].want_s : -7), "%s: %lld", times[_i].text, (long long)s);
}
END_TEST

START_TEST(times_are_written)
{
    char text[CLOCK_TIME_SIZE];
    int64_t back = 0;

    for (int64_t s = 0; s < 4102444800; s += 12345677) {
        clock_format(s, text);
        ck_assert(clock_parse(text, &back) && back == s);
    }
    clock_format(INT64_MAX, text);
    ck_assert_str_eq(text, "1970-01-01T00:00:00Z");
}
END_TEST

static const struct {
    const char *name, *from, *to, *want; /* want NULL: nothing differs */
} diffs[] = {
    {"the same", "{\"a\":1}", "{\"a\":1}", NULL},
    {"a new key", "{}", "{\"a\":1}", "{\"a\":1}"},
    {"a key that went", "{\"a\":1}", "{}", "{\"a\":null}"},
    {"another value", "{\"a\":1}", "{\"a\":2}", "{\"a\":2}"},
    {"another type", "{\"a\":1}", "{\"a\":{\"b\":2}}", "{\"a\":{\"b\":2}}"},
    {"deep", "{\"a\":{\"b\":1,\"c\":{\"d\":1,\"e\":2}}}", "{\"a\":{\"b\":1,\"c\":{\"d\":9}}}",
     "{\"a\":{\"c\":{\"d\":9,\"e\":null}}}"},
    {"lists go whole", "{\"a\":[1,2]}", "{\"a\":[1,3]}", "{\"a\":[1,3]}"},
    {"equal lists do not", "{\"a\":[{\"x\":1}]}", "{\"a\":[{\"x\":1}]}", NULL},
    {"an object that went", "{\"a\":{\"b\":1}}", "{}", "{\"a\":null}"},
    {"an object that is empty now", "{\"a\":{\"b\":1}}", "{\"a\":{}}", "{\"a\":{\"b\":null}}"},
};

START_TEST(a_merge_patch_holds_what_differs)
{
    AUTO(json_freep) json_t *from = json_loads(diffs[_i].from, 0, NULL);
    AUTO(json_freep) json_t *to = json_loads(diffs[_i].to, 0, NULL);
    AUTO(json_freep) json_t *patch = json_merge_diff(from, to);
    AUTO(freep) char *text = patch ? json_dumps(patch, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

    ck_assert_msg(str_eq(text, diffs[_i].want), "%s: %s", diffs[_i].name, text ? text : "nothing");
}
END_TEST

static const struct {
    const char *name, *text;
    size_t max;
    bool want_ok;
} texts[] = {
    {"an object", "{\"a\":1}", 100, true},
    {"a bare value", "1", 100, true},
    {"exactly the cap", "[1,2]", 5, true},
    {"one over the cap", "[1,23]", 5, false},
    {"half", "{\"a\":", 100, false},
    {"a key twice", "{\"a\":1,\"a\":2}", 100, false},
    {"something behind it", "{} x", 100, false},
    {"bad UTF-8", "\"\xff\"", 100, false},
    {"nothing", "", 100, false},
};

START_TEST(json_texts_are_parsed_under_a_cap)
{
    AUTO(json_freep) json_t *j = NULL;
    struct err *e = json_parse(texts[_i].text, strlen(texts[_i].text), texts[_i].max, &j);

    ck_assert_msg(!e == texts[_i].want_ok, "%s", texts[_i].name);
    ck_assert_msg(!e == (j != NULL), "%s", texts[_i].name);
    ck_assert(!e || err_class(e) == ERR_INVALID);
    err_free(e);
}
END_TEST

START_TEST(json_walks_find_or_say_no)
{
    AUTO(json_freep) json_t *j = json_loads("{\"a\":{\"b\":{\"s\":\"x\",\"i\":7,\"t\":true}}}", 0, NULL);
    const json_t *b = json_at(j, "a", "b", NULL);

    ck_assert_str_eq(json_str(b, "s"), "x");
    ck_assert_int_eq(json_int(b, "i", -1), 7);
    ck_assert(json_bool(b, "t", false));
    ck_assert(!json_str(b, "i") && json_int(b, "s", -1) == -1 && json_bool(b, "s", true));
    ck_assert(!json_at(j, "a", "x", "y", NULL) && !json_at(NULL, "a", NULL));
    ck_assert(!json_str(NULL, "a") && json_int(NULL, "a", 3) == 3);
    AUTO(strbuf_fini) struct strbuf small = STRBUF_INIT(10);
    AUTO(strbuf_fini) struct strbuf large = STRBUF_INIT(100);
    ck_assert(!json_write(j, &small));
    ck_assert(json_write(j, &large));
    ck_assert_str_eq(large.buf, "{\"a\":{\"b\":{\"s\":\"x\",\"i\":7,\"t\":true}}}");
}
END_TEST

static const struct {
    const char *name, *text, *want; /* want NULL: refused */
} yamls[] = {
    {"a hole in a list", "[1, , 2]", NULL},
    {"plain scalars", "[~, null, true, False, 1, -2, 1.5, x]", "[[null,null,true,false,1,-2,1.5,\"x\"]]"},
    {"quoted scalars are strings", "[\"1\", 'true', \"\"]", "[[\"1\",\"true\",\"\"]]"},
    {"what only looks like a number", "[1.2.3, 1-2, v1, 0x10, 10Gi]", "[[\"1.2.3\",\"1-2\",\"v1\",\"0x10\",\"10Gi\"]]"},
    {"no, yes, on and off are strings", "[no, yes, on, off]", "[[\"no\",\"yes\",\"on\",\"off\"]]"},
    {"a number past 64 bits is a real", "99999999999999999999", "[1e20]"},
    {"a block mapping", "a: 1\nb:\n  c: [x]\n", "[{\"a\":1,\"b\":{\"c\":[\"x\"]}}]"},
    {"a literal", "a: |\n  x\n  y\n", "[{\"a\":\"x\\ny\\n\"}]"},
    {"two documents", "a: 1\n---\nb: 2\n", "[{\"a\":1},{\"b\":2}]"},
    {"an empty value", "a:\n", "[{\"a\":null}]"},
    {"nothing", "", "[]"},
    {"an anchor is kept, its alias refused", "a: &x 1\nb: *x\n", NULL},
    {"a key twice", "a: 1\na: 2\n", NULL},
    {"a key that is a list", "[a]: 1\n", NULL},
    {"a tab", "a:\n\t- b\n", NULL},
    {"an open list", "[1", NULL},
};

START_TEST(yaml_is_the_core_schema)
{
    AUTO(json_freep) json_t *docs = NULL;
    struct err *e = yaml_parse(yamls[_i].text, strlen(yamls[_i].text), 10000, &docs);
    AUTO(freep) char *text = docs ? json_dumps(docs, JSON_COMPACT) : NULL;

    ck_assert_msg(!e == (docs != NULL), "%s", yamls[_i].name);
    ck_assert_msg(str_eq(text, yamls[_i].want), "%s: %s", yamls[_i].name, text ? text : err_text(e));
    ck_assert(!e || err_class(e) == ERR_INVALID);
    err_free(e);
}
END_TEST

START_TEST(yaml_has_limits)
{
    AUTO(strbuf_fini) struct strbuf deep = STRBUF_INIT(10000);
    json_t *docs = NULL;

    for (int i = 0; i < 100; i++) {
        (void)strbuf_addc(&deep, '[');
    }
    for (int i = 0; i < 100; i++) {
        (void)strbuf_addc(&deep, ']');
    }
    struct err *e = yaml_parse(deep.buf, deep.len, 10000, &docs);
    ck_assert(e && strstr(err_text(e), "deep"));
    err_free(e);
    e = yaml_parse(deep.buf + 60, 80, 79, &docs);
    ck_assert(e && strstr(err_text(e), "larger"));
    err_free(e);
    e = yaml_parse(deep.buf + 60, 80, 80, &docs);
    ck_assert(!e);
    json_decref(docs);
}
END_TEST

static const double bounds[] = {0.1, 1};
static const struct metric counter = {.name = "x_total", .help = "Things.", .type = METRIC_COUNTER};
static const struct metric gauge = {.name = "x_open", .help = "Open things.", .type = METRIC_GAUGE};
static const struct metric histogram = {
    .name = "x_seconds", .help = "Time.", .type = METRIC_HISTOGRAM, .buckets = bounds, .n_buckets = ARRAY_LEN(bounds)};

START_TEST(metrics_are_prometheus_text)
{
    struct metrics *m = metrics_new();
    AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(10000);
    AUTO(strbuf_fini) struct strbuf small = STRBUF_INIT(20);

    metrics_add(m, &counter, "verb=\"b\"", 2);
    metrics_observe(m, &histogram, "k=\"v\"", 0.05);
    metrics_add(m, &counter, "verb=\"a\"", 1);
    metrics_set(m, &gauge, NULL, 7);
    metrics_set(m, &gauge, NULL, 3);
    metrics_observe(m, &histogram, "k=\"v\"", 1);
    metrics_observe(m, &histogram, "k=\"v\"", 5);
    metrics_add(m, &counter, "verb=\"b\"", 3);
    ck_assert(metrics_render(m, &text));
    ck_assert_str_eq(text.buf,
                     "# HELP x_open Open things.\n# TYPE x_open gauge\nx_open 3\n"
                     "# HELP x_seconds Time.\n# TYPE x_seconds histogram\n"
                     "x_seconds_bucket{k=\"v\",le=\"0.1\"} 1\nx_seconds_bucket{k=\"v\",le=\"1\"} 2\n"
                     "x_seconds_bucket{k=\"v\",le=\"+Inf\"} 3\nx_seconds_sum{k=\"v\"} 6.0499999999999998\n"
                     "x_seconds_count{k=\"v\"} 3\n"
                     "# HELP x_total Things.\n# TYPE x_total counter\nx_total{verb=\"a\"} 1\nx_total{verb=\"b\"} 5\n"
                     "# HELP vmbridge_metrics_dropped_total Samples dropped because the series table is full.\n"
                     "# TYPE vmbridge_metrics_dropped_total counter\nvmbridge_metrics_dropped_total 0\n");
    metrics_add(m, &counter, "verb=\"0\"", 1); /* the table is whole after a rendering */
    ck_assert(metrics_value(m, &counter, "verb=\"b\"") == 5 && metrics_value(m, &counter, "verb=\"a\"") == 1);
    ck_assert(metrics_value(m, &histogram, "k=\"v\"") == 3);
    ck_assert(metrics_value(m, &counter, "verb=\"c\"") == 0);
    ck_assert(!metrics_render(m, &small));
    metrics_free(m);
}
END_TEST

START_TEST(metrics_have_a_cap)
{
    struct metrics *m = metrics_new();
    AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(1 << 20);
    char labels[40];

    for (int i = 0; i < METRICS_SERIES_MAX + 5; i++) {
        (void)snprintf(labels, sizeof(labels), "n=\"%d\"", i);
        metrics_add(m, &counter, labels, 1);
    }
    ck_assert(metrics_render(m, &text));
    ck_assert(strstr(text.buf, "vmbridge_metrics_dropped_total 5\n"));
    ck_assert(metrics_value(m, &counter, "n=\"4095\"") == 1);
    metrics_free(m);
}
END_TEST

START_TEST(verbosity_is_a_level)
{
    ck_assert_int_eq(log_level_of_verbosity(0), LOG_INFO);
    ck_assert_int_eq(log_level_of_verbosity(2), LOG_INFO);
    ck_assert_int_eq(log_level_of_verbosity(3), LOG_DEBUG);
    ck_assert_int_eq(log_level_of_verbosity(9), LOG_DEBUG);
}
END_TEST

START_TEST(a_broken_invariant_aborts)
{
    BUG_ON(_i == 0);
}
END_TEST

static TCase *
memory_case(void)
{
    TCase *t = tcase_create("memory");

    tcase_add_test(t, a_stolen_pointer_is_null);
    tcase_add_test(t, errors_carry_class_and_text);
    tcase_add_test(t, error_texts_are_capped_and_clean);
    tcase_add_test(t, error_texts_stay_text);
    tcase_add_loop_test(t, cuts_fall_between_characters, 0, ARRAY_LEN(cuts));
    tcase_add_test(t, what_is_no_text_is_mended);
    tcase_add_test(t, a_buffer_grows_to_its_cap_and_no_further);
    tcase_add_test(t, a_buffer_is_consumed_and_stolen);
    tcase_add_test(t, an_arena_gives_zeroed_aligned_memory);
    tcase_add_test(t, an_arena_says_that_it_is_over);
    tcase_add_test(t, an_arena_runs_what_was_registered_last_first);
    if (!str_eq(getenv("CK_FORK"), "no")) {
        tcase_add_loop_test_raise_signal(t, a_broken_invariant_aborts, SIGABRT, 0, 1);
    }
    return t;
}

static TCase *
text_case(void)
{
    TCase *t = tcase_create("text");

    tcase_add_test(t, back_off_doubles_to_its_cap);
    tcase_add_loop_test(t, times_are_read, 0, ARRAY_LEN(times));
    tcase_add_test(t, times_are_written);
    tcase_add_loop_test(t, a_merge_patch_holds_what_differs, 0, ARRAY_LEN(diffs));
    tcase_add_loop_test(t, json_texts_are_parsed_under_a_cap, 0, ARRAY_LEN(texts));
    tcase_add_test(t, json_walks_find_or_say_no);
    tcase_add_loop_test(t, yaml_is_the_core_schema, 0, ARRAY_LEN(yamls));
    tcase_add_test(t, yaml_has_limits);
    tcase_add_test(t, metrics_are_prometheus_text);
    tcase_add_test(t, metrics_have_a_cap);
    tcase_add_test(t, verbosity_is_a_level);
    return t;
}

int
main(void)
{
    Suite *s = suite_create("base");

    suite_add_tcase(s, memory_case());
    suite_add_tcase(s, text_case());
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
