// A text in pieces is read as the whole one; what is over a limit leaves what the next keep names, in whatever order keys come.
#include "base/json_reader.h"

#include <check.h>
#include <malloc.h>

enum { PIECE_BYTES = 16384, ROOM_MAX_BYTES = 256 << 10, BIG_BYTES = 9 << 20 };

static const char *const all_paths[] = {"metadata.name", "metadata.list", "spec", "status.phase", NULL};
static const char *const some_paths[] = {"metadata.name", "metadata.list", "spec.run", NULL};
static const char *const few_paths[] = {"metadata.name", "spec.run", NULL};

static json_t *
read_pieces(struct json_reader *r, const char *text, size_t len, size_t step, enum json_over *ret_over)
{
    json_t *j = NULL;
    size_t at = 0;

    for (; len - at > step; at += step) {
        AUTO(freep) char *exact = xcalloc(1, step);
        memcpy(exact, text + at, step);
        json_reader_feed(r, exact, step);
    }
    AUTO(freep) char *exact = xcalloc(1, len - at ? len - at : 1);
    memcpy(exact, text + at, len - at);
    err_free(json_reader_end(r, exact, len - at, &j, ret_over)); /* then there is no tree */
    return j;
}

static const struct {
    const char *name;
    const char *const *paths;
    const char *text;
} texts[] = {
    {"all kinds of values", NULL, "{\"a\": [1, -2.5e3, true, null, \"x\", {}], \"b\": {\"c\": [false]}}"},
    {"escapes", NULL, "[\"\\\\\", \"\\\"\", \"\\\\\\\"\", \"\\u00fc\\n\\ud83d\\ude00\", \"\\\\\\\\\"]"},
    {"keys with escapes", NULL, "{\"a\\\"b\":1,\"\\\\\":\"\\\\\",\"\\u0000\":2}"},
    {"keys that lead to parts", all_paths,
     "{\"metadata\":{\"name\":\"n\\u0041\",\"more\":\"x\"},\"spec\":[{\"a\":\"b\"}],\"z\":\"y\"}"},
    {"a string where nothing is wanted", all_paths,
     "{\"z\":\"\\\"}{\",\"metadata\":\"x\",\"status\":{\"phase\":\"\\\"\"}}"},
    {"a string alone", NULL, "\"abc\""},
    {"a number alone", NULL, "-12.5e-3"},
    {"a word alone", NULL, "null"},
    {"no UTF-8 within a wanted string", NULL, "[\"a\xff\"]"},
    {"UTF-8", NULL, "[\"\xc3\xbc\xf0\x9f\x98\x80\"]"},
    {"nothing", NULL, ""},
    {"a string without an end", NULL, "[\"abc"},
    {"a string that ends in a backslash", NULL, "[\"abc\\"},
    {"an object without an end", all_paths, "{\"metadata\":{\"name\":\"n\"}"},
    {"two values", NULL, "{} {}"},
    {"a bad escape", NULL, "[\"\\x\"]"},
    {"a bad number", NULL, "[1e]"},
    {"a control character", NULL, "[\"a\nb\"]"},
};

START_TEST(pieces_are_read_as_the_whole)
{
    const char *text = texts[_i].text;
    const struct json_keep keep = {.paths = texts[_i].paths};
    struct json_reader *r = json_reader_new(&keep, 1);
    AUTO(json_freep) json_t *whole = NULL;
    err_free(json_part(text, strlen(text), texts[_i].paths, &whole)); /* then there is no tree */

    for (size_t step = 1; step <= strlen(text) + 1; step++) {
        enum json_over over = JSON_DEEP;
        AUTO(json_freep) json_t *j = read_pieces(r, text, strlen(text), step, &over);
        ck_assert_msg(!j == !whole, "%s: pieces of %zu", texts[_i].name, step);
        ck_assert_msg(!whole || (json_equal(j, whole) && over == JSON_WHOLE), "%s: pieces of %zu", texts[_i].name, step);
    }
    json_reader_free(r);
}
END_TEST

#define FILL "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" /* 88 */
static const struct {
    const char *name;
    const char *text;
    const char *want; /* NULL: it cannot be read */
    enum json_over want_over;
} limits[] = {
    {"what fits is whole", "{\"metadata\":{\"name\":\"n\"},\"spec\":{\"run\":1,\"a\":2}}",
     "{\"metadata\":{\"name\":\"n\"},\"spec\":{\"run\":1,\"a\":2}}", JSON_WHOLE},
    {"what nobody wants counts for nothing",
     "{\"z\":[\"" FILL FILL FILL "\"],\"metadata\":{\"name\":\"n\",\"z\":\"" FILL FILL FILL "\"}}",
     "{\"metadata\":{\"name\":\"n\"}}", JSON_WHOLE},
    {"the header came before",
     "{\"metadata\":{\"name\":\"n\",\"list\":[]},\"spec\":{\"run\":1,\"a\":\"" FILL FILL
     "\",\"b\":2},\"status\":{\"phase\":1}}",
     "{\"metadata\":{\"name\":\"n\",\"list\":[]},\"spec\":{\"run\":1}}", JSON_LARGE},
    {"the header comes behind",
     "{\"status\":{\"phase\":1},\"spec\":{\"a\":\"" FILL FILL
     "\",\"b\":{\"run\":2},\"run\":1},\"metadata\":{\"list\":[],\"z\":1,\"name\":\"n\"}}",
     "{\"spec\":{\"run\":1},\"metadata\":{\"list\":[],\"name\":\"n\"}}", JSON_LARGE},
    {"it is passed deep within",
     "{\"spec\":{\"a\":[{\"run\":{\"b\":[\"" FILL FILL "\",{}]},\"run\":3}],\"run\":[]},\"metadata\":{\"name\":\"n\"}}",
     "{\"spec\":{\"run\":[]},\"metadata\":{\"name\":\"n\"}}", JSON_LARGE},
    {"it is passed by many values", "{\"spec\":{\"a\":[0,1,2,3,4,5,6,7,8],\"run\":0},\"metadata\":{\"name\":\"n\"}}",
     "{\"spec\":{\"run\":0},\"metadata\":{\"name\":\"n\"}}", JSON_LARGE},
    {"it is passed within what the header keeps",
     "{\"spec\":{\"run\":1,\"a\":[0,1]},\"metadata\":{\"name\":\"n\",\"list\":[{\"a\":[]}]}}",
     "{\"spec\":{\"run\":1},\"metadata\":{\"name\":\"n\",\"list\":[{\"a\":[]}]}}", JSON_LARGE},
    {"a header that is too large as well",
     "{\"metadata\":{\"list\":[\"" FILL FILL "\",1],\"name\":\"n\"},\"spec\":{\"a\":1,\"run\":2}}",
     "{\"metadata\":{\"name\":\"n\"},\"spec\":{\"run\":2}}", JSON_LARGE},
    {"not even a name fits", "{\"metadata\":{\"name\":\"" FILL FILL FILL FILL "\"}}", NULL, 0},
    {"a header of which nothing comes", "{\"spec\":{\"a\":\"" FILL FILL FILL FILL "\"}}", "{\"spec\":{}}", JSON_LARGE},
    {"a list where an object should be", "{\"metadata\":[1,2],\"spec\":[\"" FILL FILL "\"]}", "{}", JSON_LARGE},
    {"no object at all", "[\"" FILL FILL FILL FILL "\",[]]", "[[]]", JSON_WHOLE},
    {"keys alone", "{\"spec\":{\"" FILL FILL "\":0,\"run\":1},\"metadata\":{\"name\":\"n\"}}",
     "{\"spec\":{\"run\":1},\"metadata\":{\"name\":\"n\"}}", JSON_LARGE},
    {"a key that comes twice",
     "{\"spec\":{\"run\":1},\"metadata\":{\"name\":\"m\"},\"spec\":{\"run\":2,\"a\":\"" FILL FILL
     "\"},\"metadata\":{\"name\":\"n\"}}",
     "{\"spec\":{\"run\":2},\"metadata\":{\"name\":\"n\"}}", JSON_LARGE},
    {"no JSON behind", "{\"spec\":{\"a\":\"" FILL FILL "\",},\"metadata\":{\"name\":\"n\"}}", NULL, 0},
};

START_TEST(what_is_over_a_limit_leaves_a_header)
{
    static const struct json_keep keeps[] = {{all_paths, 8 * JSON_VALUE_BYTES + 50},
                                             {some_paths, 5 * JSON_VALUE_BYTES + 30},
                                             {few_paths, 4 * JSON_VALUE_BYTES + 30}};
    const char *text = limits[_i].text;
    struct json_reader *r = json_reader_new(keeps, ARRAY_LEN(keeps));

    for (size_t step = 1; step <= strlen(text) + 1; step++) {
        enum json_over over = JSON_WHOLE;
        AUTO(json_freep) json_t *j = read_pieces(r, text, strlen(text), step, &over);
        AUTO(freep) char *found = j ? json_compact(j) : NULL;
        AUTO(json_freep) json_t *want = limits[_i].want ? json_loads(limits[_i].want, 0, NULL) : NULL;
        ck_assert_msg(!j == !want && (!j || json_equal(j, want)), "%s: pieces of %zu: %s", limits[_i].name, step, found);
        ck_assert_msg(!j || over == limits[_i].want_over, "%s: pieces of %zu: over %d", limits[_i].name, step,
                      (int)over);
    }
    json_reader_free(r);
}
END_TEST

START_TEST(what_nests_deep_leaves_a_header)
{
    static const struct json_keep keeps[] = {{all_paths, 0}, {some_paths, 0}};
    struct json_reader *r = json_reader_new(keeps, ARRAY_LEN(keeps));
    AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(1 << 20);
    enum json_over over = JSON_WHOLE;

    (void)strbuf_adds(&text, "{\"spec\":{\"a\":");
    for (int i = 0; i < 5000; i++) {
        (void)strbuf_adds(&text, "[{\"a\":");
    }
    (void)strbuf_adds(&text, "1");
    for (int i = 0; i < 5000; i++) {
        (void)strbuf_adds(&text, "}]");
    }
    (void)strbuf_adds(&text, ",\"run\":7},\"metadata\":{\"name\":\"n\"}}");
    AUTO(json_freep) json_t *j = read_pieces(r, text.buf, text.len, 1000, &over);
    ck_assert_int_eq(over, JSON_DEEP);
    AUTO(freep) char *found = json_compact(j);
    ck_assert_str_eq(found, "{\"spec\":{\"run\":7},\"metadata\":{\"name\":\"n\"}}");
    json_reader_free(r);
}
END_TEST

struct seen {
    struct strbuf all;
    size_t stop_at;
    size_t n;
};

static bool
on_each(void *arg, const json_t *root, json_t *element, enum json_over over)
{
    struct seen *s = arg;
    AUTO(freep) char *text = json_compact(element);

    ck_assert_str_eq(json_str(root, "kind"), "L");
    const json_t *items = json_object_get(root, "items");
    ck_assert_ptr_eq(json_array_get(items, json_array_size(items) - 1), element);
    (void)strbuf_addf(&s->all, "%s%s;", over == JSON_WHOLE ? "" : "!", text);
    return ++s->n != s->stop_at;
}

static const struct {
    const char *name;
    const char *text;
    size_t stop_at;
    const char *want;
    const char *want_root; /* NULL: it cannot be read */
} lists[] = {
    {"each for itself", "{\"kind\":\"L\",\"items\":[{\"a\":1},{\"a\":[2]},{}],\"meta\":{\"v\":\"7\"}}", 0,
     "{\"a\":1};{\"a\":[2]};{};", "{\"kind\":\"L\",\"items\":[],\"meta\":{\"v\":\"7\"}}"},
    {"a large one between others",
     "{\"kind\":\"L\",\"items\":[{\"a\":1,\"b\":2},{\"b\":{\"x\":\"" FILL "\"},\"a\":2,\"c\":1},{\"b\":3}]}", 0,
     "{\"a\":1,\"b\":2};!{\"a\":2};{\"b\":3};", "{\"kind\":\"L\",\"items\":[]}"},
    {"the last one", "{\"kind\":\"L\",\"items\":[{\"a\":1},{\"a\":2,\"b\":\"" FILL "\"}]}", 0, "{\"a\":1};!{\"a\":2};",
     "{\"kind\":\"L\",\"items\":[]}"},
    {"what is no object", "{\"kind\":\"L\",\"items\":[1,[],\"x\",{\"a\":[3]}]}", 0, "[];{\"a\":[3]};",
     "{\"kind\":\"L\",\"items\":[]}"},
    {"whoever stops hears no more", "{\"kind\":\"L\",\"items\":[{\"a\":1},{\"a\":2},{\"a\":3}]}", 2,
     "{\"a\":1};{\"a\":2};", NULL},
    {"not JSON behind the first", "{\"kind\":\"L\",\"items\":[{\"a\":1},,]}", 0, "{\"a\":1};", NULL},
    {"not even a header", "{\"kind\":\"L\",\"items\":[{\"a\":1},{\"a\":\"" FILL FILL "\"}]}", 0, "{\"a\":1};", NULL},
};

START_TEST(elements_come_one_by_one)
{
    static const char *const wanted[] = {"kind", "meta", "items.a", "items.b", NULL};
    static const char *const short_ones[] = {"kind", "items.a", NULL};
    const struct json_keep keeps[] = {{_i % 2 ? wanted : NULL, 5 * JSON_VALUE_BYTES},
                                      {short_ones, 2 * JSON_VALUE_BYTES + 20}};
    const char *text = lists[_i / 2].text;
    const char *name = lists[_i / 2].name;

    for (size_t step = 1; step <= strlen(text) + 1; step++) {
        struct seen s = {.all = STRBUF_INIT(10000), .stop_at = lists[_i / 2].stop_at};
        struct json_reader *r = json_reader_new(keeps, ARRAY_LEN(keeps));
        enum json_over over = JSON_WHOLE;
        json_reader_each(r, "items", on_each, &s);
        AUTO(json_freep) json_t *j = read_pieces(r, text, strlen(text), step, &over);
        AUTO(freep) char *root = j ? json_compact(j) : NULL;
        ck_assert_msg(str_eq(strbuf_str(&s.all), lists[_i / 2].want), "%s: pieces of %zu: %s", name, step,
                      strbuf_str(&s.all));
        ck_assert_msg(str_eq(root, lists[_i / 2].want_root), "%s: pieces of %zu: %s", name, step, root);
        strbuf_fini(&s.all);
        json_reader_free(r);
    }
}
END_TEST

/* What the reader has on the heap while text of 'n' times 'unit' passes; under a sanitizer, which counts otherwise, 0. */
static size_t
room_of(const char *before, const char *unit, const char *after, enum json_over want)
{
    static const struct json_keep keeps[] = {{all_paths, 512 << 10}, {some_paths, 64 << 10}};
    struct json_reader *r = json_reader_new(keeps, ARRAY_LEN(keeps));
    char piece[PIECE_BYTES];
    size_t most = 0;
    json_t *j = NULL;
    enum json_over over = JSON_WHOLE;

    for (size_t i = 0; i < sizeof(piece); i++) {
        piece[i] = unit[i % strlen(unit)];
    }
    json_reader_feed(r, before, strlen(before));
    size_t at_first = mallinfo2().uordblks + mallinfo2().hblkhd;
    for (size_t n = 0; n < BIG_BYTES; n += PIECE_BYTES / strlen(unit) * strlen(unit)) {
        json_reader_feed(r, piece, PIECE_BYTES / strlen(unit) * strlen(unit));
        size_t now = mallinfo2().uordblks + mallinfo2().hblkhd;
        most = now > at_first + most ? now - at_first : most;
    }
    AUTO(err_freep) struct err *e = json_reader_end(r, after, strlen(after), &j, &over);
    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    ck_assert_str_eq(json_str(json_object_get(j, "metadata"), "name"), "n");
    ck_assert_int_eq(over, want);
    json_decref(j);
    json_reader_free(r);
    return most;
}

static const struct {
    const char *name;
    const char *before;
    const char *unit;
    const char *after;
    enum json_over want;
    size_t max_bytes;
} rooms[] = {
    {"a long string that nobody wants", "{\"z\":\"", "\\u003c", "\",\"metadata\":{\"name\":\"n\"}}", JSON_WHOLE,
     ROOM_MAX_BYTES},
    {"values that nobody wants", "{\"z\":[1", ",{\"a\":\"bcd\"},-0.5", "],\"metadata\":{\"name\":\"n\"}}", JSON_WHOLE,
     ROOM_MAX_BYTES},
    {"a long string that is wanted", "{\"spec\":\"", "\\u003c", "\",\"metadata\":{\"name\":\"n\"}}", JSON_LARGE,
     2 * JSON_STRING_MAX},
    {"values that are wanted", "{\"spec\":[1", ",{\"a\":\"bcd\"},-0.5", "],\"metadata\":{\"name\":\"n\"}}", JSON_LARGE,
     6 << 20},
};

START_TEST(room_is_bounded)
{
    size_t most = room_of(rooms[_i].before, rooms[_i].unit, rooms[_i].after, rooms[_i].want);

    (void)printf("%s, %d MiB: %zu KiB on the heap at most, bound %zu\n", rooms[_i].name, BIG_BYTES >> 20, most >> 10,
                 rooms[_i].max_bytes >> 10);
    ck_assert_uint_le(most, rooms[_i].max_bytes);
}
END_TEST

START_TEST(a_text_that_breaks_off_leaves_nothing)
{
    const struct json_keep keep = {0};
    struct json_reader *r = json_reader_new(&keep, 1);
    enum json_over over = JSON_WHOLE;

    json_reader_feed(r, "{\"a\":[\"b", 8);
    json_reader_reset(r);
    AUTO(json_freep) json_t *j = read_pieces(r, "[\"c\"]", 5, 2, &over);
    ck_assert_str_eq(json_string_value(json_array_get(j, 0)), "c");
    json_reader_feed(r, "[}", 2);
    json_reader_free(r);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("json_reader");
    TCase *tc = tcase_create("json_reader");

    tcase_add_loop_test(tc, pieces_are_read_as_the_whole, 0, ARRAY_LEN(texts));
    tcase_add_loop_test(tc, what_is_over_a_limit_leaves_a_header, 0, ARRAY_LEN(limits));
    tcase_add_test(tc, what_nests_deep_leaves_a_header);
    tcase_add_loop_test(tc, elements_come_one_by_one, 0, 2 * ARRAY_LEN(lists));
    tcase_add_loop_test(tc, room_is_bounded, 0, ARRAY_LEN(rooms));
    tcase_add_test(tc, a_text_that_breaks_off_leaves_nothing);
    suite_add_tcase(s, tc);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
