// Parts of a text are the parts of the whole; odd text of tenants is read, text of strangers is not; what is written can be read.
#include "base/json.h"

#include <check.h>

static const char *const all_names[] = {"metadata.name", NULL};
static const char *const of_both[] = {"metadata.name", "spec", "status.phase", "status.list", NULL};
static const char *const of_items[] = {"items.metadata.name", "items.a.b", "kind", NULL};
static const char *const nothing[] = {NULL};

static const struct {
    const char *name;
    const char *const *paths; /* NULL: all */
    const char *text;
    const char *want; /* as compact JSON; NULL: an error */
} texts[] = {
    {"all of it", NULL, "{\"a\": [1, -2.5, true, null, \"x\", {}], \"b\": {\"c\": []}}",
     "{\"a\":[1,-2.5,true,null,\"x\",{}],\"b\":{\"c\":[]}}"},
    {"a lone value", NULL, "[[1]]", "[[1]]"},
    {"one part", all_names, "{\"metadata\":{\"name\":\"n\",\"uid\":\"u\"},\"spec\":{\"name\":\"no\"}}",
     "{\"metadata\":{\"name\":\"n\"}}"},
    {"whole parts", of_both,
     "{\"spec\":{\"a\":[{\"b\":{}}]},\"status\":{\"phase\":\"p\",\"x\":{\"phase\":1},\"list\":[1,[2]]},\"z\":[[1]]}",
     "{\"spec\":{\"a\":[{\"b\":{}}]},\"status\":{\"phase\":\"p\",\"list\":[1,[2]]}}"},
    {"through lists", of_items,
     "{\"kind\":\"L\",\"items\":[{\"metadata\":{\"name\":1,\"x\":2},\"a\":{\"b\":[3],\"c\":4}},{\"d\":5}]}",
     "{\"kind\":\"L\",\"items\":[{\"metadata\":{\"name\":1},\"a\":{\"b\":[3]}},{}]}"},
    {"lists in lists on the way", of_items, "{\"items\":[[{\"a\":{\"b\":1,\"c\":2}}],3]}",
     "{\"items\":[[{\"a\":{\"b\":1}}]]}"},
    {"a value where a way is expected", of_both, "{\"status\":\"x\",\"metadata\":[1,\"y\"],\"spec\":2}",
     "{\"metadata\":[],\"spec\":2}"},
    {"no part", nothing, "{\"a\":{\"b\":1}}", "{}"},
    {"a key that looks like a path", all_names, "{\"metadata.name\":1,\"metadata\":{\"name.x\":2,\"name\":3}}",
     "{\"metadata\":{\"name\":3}}"},
    {"a key that begins like one", of_both,
     "{\"spe\":1,\"specs\":2,\"spec\\u0000\":3,\"\":4,\"status\":{\"phases\":5}}", "{\"status\":{}}"},
    {"a part and more of it come twice", of_both, "{\"spec\":1,\"spec\":{\"a\":2}}", "{\"spec\":{\"a\":2}}"},
    {"NUL in a string", NULL, "{\"a\":\"x\\u0000y\\u0000\",\"b\\u0000c\":1}",
     "{\"a\":\"x\xef\xbf\xbdy\xef\xbf\xbd\",\"b\xef\xbf\xbd"
     "c\":1}"},
    {"numbers", NULL, "[9223372036854775807,9223372036854775808,-0.5,1e3,1e999]",
     "[9223372036854775807,9.2233720368547758e18,-0.5,1000.0,null]"},
    {"escapes", NULL, "[\"\\u00fc\\n\\ud83d\\ude00\"]", "[\"ü\\n😀\"]"},
    {"nothing at all", NULL, "", NULL},
    {"cut short", of_both, "{\"spec\":{\"a\":", NULL},
    {"cut short where nothing is wanted", nothing, "{\"spec\":{\"a\":", NULL},
    {"two values", NULL, "{} {}", NULL},
    {"no JSON", NULL, "{'a':1}", NULL},
    {"no JSON where nothing is wanted", nothing, "{\"a\":[1,}]}", NULL},
    {"no UTF-8", NULL, "[\"\xff\"]", NULL},
    {"no UTF-8, overlong", NULL, "[\"\xc0\x80\"]", NULL},
    {"half a pair", NULL, "[\"\\udc00\"]", NULL},
    {"NUL between values", NULL, "[1,\0002]", NULL},
};

START_TEST(parts_of_texts)
{
    json_t *j = NULL;
    AUTO(err_freep) struct err *e = json_part(texts[_i].text, strlen(texts[_i].text), texts[_i].paths, &j);

    if (!texts[_i].want) {
        ck_assert_msg(e && err_class(e) == ERR_INVALID && !j, "%s", texts[_i].name);
        return;
    }
    ck_assert_msg(!e, "%s: %s", texts[_i].name, e ? err_text(e) : "");
    AUTO(freep) char *text = json_dumps(j, JSON_COMPACT);
    ck_assert_msg(str_eq(text, texts[_i].want), "%s: %s", texts[_i].name, text);
    json_decref(j);
}
END_TEST

static const struct {
    const char *name;
    const char *text;
} refused[] = {
    {"a key twice", "{\"a\":1,\"a\":1}"},
    {"a key twice, further down", "[{\"a\":{\"b\":1,\"c\":2,\"b\":{}}}]"},
    {"NUL in a string", "[\"a\\u0000\"]"},
    {"NUL in a key", "{\"a\\u0000\":1}"},
    {"an integer beyond 64 bits", "[9223372036854775808]"},
    {"a real beyond double", "[1e999]"},
};

START_TEST(strangers_are_held_to_more)
{
    AUTO(json_freep) json_t *kept = NULL;
    AUTO(err_freep) struct err *e = json_part(refused[_i].text, strlen(refused[_i].text), NULL, &kept);
    ck_assert_msg(!e, "%s", refused[_i].name);

    json_t *j = NULL;
    AUTO(err_freep) struct err *no = json_parse(refused[_i].text, strlen(refused[_i].text), 100, &j);
    ck_assert_msg(no && err_class(no) == ERR_INVALID && !j, "%s", refused[_i].name);
}
END_TEST

START_TEST(strangers_may_nest_so_deep)
{
    char text[2 * JSON_DEPTH_MAX + 3];

    for (int more = 0; more < 2; more++) {
        int n = JSON_DEPTH_MAX + more;
        json_t *j = NULL;
        memset(text, '[', (size_t)n);
        memset(text + n, ']', (size_t)n);
        AUTO(err_freep) struct err *e = json_parse(text, 2 * (size_t)n, sizeof(text), &j);
        ck_assert_msg(!e == !more, "%d", n);
        if (j) {
            AUTO(freep) char *again = json_compact(j);
            ck_assert_mem_eq(again, text, 2 * (size_t)n);
        }
        json_decref(j);
    }
}
END_TEST

START_TEST(what_is_written_can_be_read)
{
    static const char *const text =
        "{\"a\":[1,-2.5,true,false,null,\"x\\n\\\"\\\\/ü\\u0001\",{}],\"b\":{\"c\":[],\"d\":1e+300}}";
    json_t *j = NULL;
    json_t *again = NULL;
    AUTO(err_freep) struct err *e = json_parse(text, strlen(text), 1000, &j);

    ck_assert(!e);
    AUTO(freep) char *written = json_compact(j);
    AUTO(err_freep) struct err *e_again = json_parse(written, strlen(written), 1000, &again);
    ck_assert_msg(!e_again && json_equal(j, again), "%s", written);
    struct strbuf small = STRBUF_INIT(strlen(written) - 1);
    struct strbuf exact = STRBUF_INIT(strlen(written));
    ck_assert(!json_write(j, &small) && json_write(j, &exact));
    ck_assert_str_eq(exact.buf, written);
    strbuf_fini(&small);
    strbuf_fini(&exact);
    json_decref(j);
    json_decref(again);
}
END_TEST

/* Reads out of memory of exactly that size, so that a read past it is caught. */
START_TEST(every_beginning_is_refused)
{
    static const char *const text =
        "{\"metadata\":{\"name\":\"n\\u0041\",\"x\":[1.5e2]},\"spec\":[{\"a\":null},true],\"status\":{\"phase\":\"\"}}";

    for (size_t n = 0; n < strlen(text); n++) {
        AUTO(freep) char *exact = xcalloc(1, n ? n : 1);
        json_t *j = NULL;
        memcpy(exact, text, n);
        AUTO(err_freep) struct err *e = json_part(exact, n, of_both, &j);
        ck_assert_msg(e, "%zu bytes", n);
    }
}
END_TEST

/* One tenant's object must not keep the watch from all others. */
START_TEST(what_nests_deep_is_cut)
{
    enum { N = 50000 };
    AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(1 << 20);
    json_t *j = NULL;

    (void)strbuf_adds(&text, "{\"spec\":{\"deep\":");
    for (int i = 0; i < N; i++) {
        (void)strbuf_adds(&text, "[{\"a\":");
    }
    (void)strbuf_adds(&text, "1");
    for (int i = 0; i < N; i++) {
        (void)strbuf_adds(&text, "}]");
    }
    (void)strbuf_adds(&text, ",\"near\":1},\"metadata\":{\"name\":\"n\"}}");
    AUTO(err_freep) struct err *e = json_part(text.buf, text.len, of_both, &j);
    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    ck_assert_str_eq(json_str(json_at(j, "metadata", NULL), "name"), "n");
    ck_assert_int_eq(json_int(json_at(j, "spec", NULL), "near", 0), 1);
    size_t depth = 0;
    for (const json_t *at = json_at(j, "spec", "deep", NULL); json_is_array(at) || json_is_object(at); depth++) {
        at = json_is_array(at) ? json_array_get(at, 0) : json_object_get(at, "a");
    }
    ck_assert_uint_eq(depth, JSON_DEPTH_MAX - 2);
    AUTO(freep) char *dump = json_dumps(j, JSON_COMPACT);
    ck_assert_ptr_nonnull(dump);
    json_decref(j);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("json");
    TCase *tc = tcase_create("json");

    tcase_add_loop_test(tc, parts_of_texts, 0, ARRAY_LEN(texts));
    tcase_add_loop_test(tc, strangers_are_held_to_more, 0, ARRAY_LEN(refused));
    tcase_add_test(tc, strangers_may_nest_so_deep);
    tcase_add_test(tc, what_is_written_can_be_read);
    tcase_add_test(tc, every_beginning_is_refused);
    tcase_add_test(tc, what_nests_deep_is_cut);
    suite_add_tcase(s, tc);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
