// Of an object that is over a limit a header is left, whatever comes first in it; the log tells each version once.
#include "kube/object_header.h"
#include "kube/object_reader.h"
#include "kube/watch_told.h"

#include <check.h>

enum { MAX_BYTES = 2048 };

/* A text in which @ stands for so many characters that no object may have them. */
static char *
filled(const char *text)
{
    AUTO(strbuf_fini) struct strbuf sb = STRBUF_INIT(1 << 20);

    for (; *text; text++) {
        if (*text == '@') {
            for (int i = 0; i < 2 * MAX_BYTES / 8; i++) {
                (void)strbuf_adds(&sb, "<tenant>");
            }
        } else {
            (void)strbuf_addc(&sb, *text);
        }
    }
    return strbuf_steal(&sb);
}

#define META "\"metadata\":{\"name\":\"n\",\"namespace\":\"ns\",\"uid\":\"u\",\"resourceVersion\":\"7\"}"

static const char *const vm_parts[] = {"metadata", "spec", "status", NULL};
static const char *const pod_parts[] = {"metadata.name",
                                        "metadata.namespace",
                                        "metadata.uid",
                                        "metadata.resourceVersion",
                                        "metadata.ownerReferences",
                                        "status.phase",
                                        "status.message",
                                        NULL};

static const struct {
    const char *name;
    const char *const *parts;
    const char *text;
    const char *want; /* NULL: it cannot be read */
    bool want_header;
} events[] = {
    {"an object that fits is whole", vm_parts, "{\"type\":\"ADDED\",\"object\":{" META ",\"spec\":{\"a\":1},\"x\":1}}",
     "{\"type\":\"ADDED\",\"object\":{" META ",\"spec\":{\"a\":1}}}", false},
    {"a large part that nobody wants harms nothing", pod_parts,
     "{\"type\":\"ADDED\",\"object\":{" META ",\"spec\":{\"env\":\"@\"},\"status\":{\"phase\":\"p\"}}}",
     "{\"type\":\"ADDED\",\"object\":{" META ",\"status\":{\"phase\":\"p\"}}}", false},
    {"a large spec leaves the header and how to stop", vm_parts,
     "{\"type\":\"MODIFIED\",\"object\":{\"apiVersion\":\"a/v1\",\"kind\":\"K\"," META
     ",\"spec\":{\"a\":\"@\",\"running\":true,\"runStrategy\":\"Halted\"},\"status\":{}}}",
     "{\"type\":\"MODIFIED\",\"object\":{" META ",\"spec\":{\"running\":true,\"runStrategy\":\"Halted\"}}}", true},
    {"what comes first does not matter", vm_parts,
     "{\"object\":{\"spec\":{\"a\":{\"b\":[\"@\"]},\"runStrategy\":\"Always\"},\"status\":{\"x\":\"@\"}," META
     "},\"type\":\"DELETED\"}",
     "{\"type\":\"DELETED\",\"object\":{" META ",\"spec\":{\"runStrategy\":\"Always\"}}}", true},
    {"nothing comes that is not wanted", pod_parts,
     "{\"type\":\"ADDED\",\"object\":{" META
     ",\"spec\":{\"running\":true},\"status\":{\"message\":\"@\",\"phase\":\"x\"}}}",
     "{\"type\":\"ADDED\",\"object\":{" META "}}", true},
    {"all that a header has", vm_parts,
     "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"annotations\":{\"a\":\"@\"},\"creationTimestamp\":\"c\","
     "\"deletionGracePeriodSeconds\":30,\"deletionTimestamp\":\"d\","
     "\"finalizers\":[\"f/"
     "a\",\"g\"],\"generation\":3,\"labels\":{\"l\":\"l\"},\"name\":\"n\",\"ownerReferences\":[{\"uid\":\"other\"},{"
     "\"apiVersion\":\"v1\",\"kind\":\"K\","
     "\"name\":\"o\",\"uid\":\"ou\",\"controller\":true,\"blockOwnerDeletion\":true}],\"resourceVersion\":\"7\","
     "\"uid\":\"u\"}}}",
     "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"creationTimestamp\":\"c\",\"deletionGracePeriodSeconds\":30,"
     "\"deletionTimestamp\":\"d\","
     "\"finalizers\":[\"f/"
     "a\",\"g\"],\"generation\":3,\"name\":\"n\",\"ownerReferences\":[{\"apiVersion\":\"v1\",\"kind\":\"K\",\"name\":"
     "\"o\",\"uid\":\"ou\",\"controller\":true}],"
     "\"resourceVersion\":\"7\",\"uid\":\"u\"}}}",
     true},
    {"values of other types are none", vm_parts,
     "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"labels\":\"@\",\"name\":\"n\",\"uid\":\"u\",\"resourceVersion\":"
     "\"7\",\"namespace\":{},\"generation\":\"3\",\"finalizers\":[\"a\",1],"
     "\"ownerReferences\":{\"controller\":true},\"deletionTimestamp\":[1]},\"spec\":{\"running\":\"yes\","
     "\"runStrategy\":{\"@\":1}}}}",
     "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"n\",\"uid\":\"u\",\"resourceVersion\":\"7\"}}}", true},
    {"no name", vm_parts,
     "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"uid\":\"u\",\"resourceVersion\":\"7\"},\"spec\":\"@\"}}", NULL,
     true},
    {"a name that is none",
     vm_parts, "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"name\":\"@\",\"uid\":\"u\",\"resourceVersion\":\"7\"},\"spec\":\"@\"}}",
     NULL, true},
    {"no metadata", vm_parts, "{\"type\":\"ADDED\",\"object\":{\"spec\":\"@\"}}", NULL, true},
    {"no object", vm_parts, "{\"type\":\"ADDED\",\"object\":[\"@\"]}", "{\"type\":\"ADDED\",\"object\":[]}", false},
    {"no JSON behind", vm_parts, "{\"type\":\"ADDED\",\"object\":{" META ",\"spec\":\"@\"}", NULL, true},
    {"an error of the server is no object", NULL, "{\"type\":\"ERROR\",\"object\":{\"code\":410,\"message\":\"@\"}}",
     "{\"type\":\"ERROR\",\"object\":{}}", true},
};

static json_t *
read_text(struct object_reader *r, const char *text, size_t step, struct object_lack *ret_lack)
{
    size_t len = strlen(text);
    json_t *tree = NULL;

    for (; len > step; len -= step, text += step) {
        object_reader_feed(r, text, step);
    }
    err_free(object_reader_end(r, text, len, &tree, ret_lack)); /* then there is no tree */
    return tree;
}

START_TEST(an_event_that_is_too_large_leaves_a_header)
{
    AUTO(freep) char *text = filled(events[_i].text);
    const size_t steps[] = {1, 2, 3, 17, 100, 1000, strlen(text)};

    for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
        struct object_reader *r = object_reader_new(OBJECT_IN_EVENT, events[_i].parts, MAX_BYTES);
        struct object_lack lack = {0};
        AUTO(json_freep) json_t *tree = read_text(r, text, steps[i], &lack);
        AUTO(json_freep) json_t *want = events[_i].want ? json_loads(events[_i].want, 0, NULL) : NULL;
        AUTO(freep) char *found = tree ? json_compact(tree) : NULL;
        ck_assert_msg(!tree == !want && (!tree || json_equal(tree, want)), "%s: pieces of %zu: %s", events[_i].name,
                      steps[i], found);
        if (tree) {
            ck_assert_msg(str_eq(lack.why, events[_i].want_header ? "it is larger than 2 KiB" : NULL), "%s",
                          events[_i].name);
            ck_assert_msg(str_eq(lack.reason, events[_i].want_header ? "large" : NULL), "%s", events[_i].name);
        }
        object_reader_free(r);
    }
}
END_TEST

START_TEST(finalizers_are_all_there_or_none)
{
    static const struct {
        int n;
        bool want;
    } rows[] = {{1, true}, {1100, true}, {2000, false}, {20000, false}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(4 << 20);
        struct object_lack lack = {0};
        (void)strbuf_adds(&text, "{\"metadata\":{\"annotations\":{\"a\":\"");
        for (int n = 0; n < (600 << 10); n += 8) {
            (void)strbuf_adds(&text, "12345678");
        }
        (void)strbuf_adds(&text, "\"},\"finalizers\":[\"first\"");
        for (int n = 1; n < rows[i].n; n++) {
            (void)strbuf_addf(&text, ",\"tenant.example.org/%060d\"", n);
        }
        (void)strbuf_adds(&text, "],\"name\":\"n\",\"uid\":\"u\",\"resourceVersion\":\"7\"}}");
        struct object_reader *r = object_reader_new(OBJECT_ALONE, vm_parts, 0);
        json_t *tree = NULL;
        AUTO(err_freep) struct err *e = object_reader_end(r, text.buf, text.len, &tree, &lack);
        ck_assert_msg(!e, "%s", e ? err_text(e) : "");
        ck_assert_str_eq(lack.why, "it is larger than 512 KiB");
        const json_t *meta = json_object_get(tree, "metadata");
        ck_assert_str_eq(json_str(meta, "name"), "n");
        ck_assert_int_eq(json_array_size(json_object_get(meta, "finalizers")), rows[i].want ? rows[i].n : 0);
        json_decref(tree);
        object_reader_free(r);
    }
}
END_TEST

static bool
on_item(void *arg, const json_t *item, const struct object_lack *lack)
{
    struct strbuf *all = arg;
    AUTO(freep) char *text = item ? json_dumps(item, JSON_COMPACT | JSON_SORT_KEYS) : xstrdup("?");

    (void)strbuf_addf(all, "%s%s;", lack->why ? "!" : "", text);
    return true;
}

START_TEST(items_of_a_list_come_one_by_one)
{
    static const char *const parts[] = {"metadata", "spec", NULL};
    AUTO(freep)
    char *text = filled("{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"9\","
                        "\"continue\":\"c\"},\"items\":["
                        "{\"metadata\":{\"name\":\"a\"},\"spec\":{\"b\":1}},{\"metadata\":{\"name\":\"b\",\"uid\":"
                        "\"u\",\"resourceVersion\":\"1\"},"
                        "\"spec\":{\"c\":\"@\"}},{\"spec\":\"@\"},{\"metadata\":{\"name\":\"c\"}}]}");

    for (size_t step = 1; step < 400; step += 7) {
        AUTO(strbuf_fini) struct strbuf all = STRBUF_INIT(10000);
        struct object_reader *r = object_reader_new(OBJECT_IN_LIST, parts, MAX_BYTES);
        struct object_lack lack = {0};
        json_t *list = NULL;
        object_reader_items(r, on_item, &all);
        for (size_t at = 0; at < strlen(text); at += step) {
            object_reader_feed(r, text + at, strlen(text + at) < step ? strlen(text + at) : step);
        }
        AUTO(err_freep) struct err *e = object_reader_end(r, "", 0, &list, &lack);
        ck_assert_msg(!e, "%s", e ? err_text(e) : "");
        ck_assert_str_eq(all.buf,
                         "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"},\"spec\":{\"b\":1}};"
                         "!{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"b\",\"resourceVersion\":"
                         "\"1\",\"uid\":\"u\"}};!?;"
                         "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"c\"}};");
        ck_assert_str_eq(json_str(json_object_get(list, "metadata"), "continue"), "c");
        ck_assert_uint_eq(json_array_size(json_object_get(list, "items")), 0);
        json_decref(list);
        object_reader_free(r);
    }
}
END_TEST

static bool
tell(struct watch_told *t, int uid, int version, int64_t now_ms, unsigned *ret_silent)
{
    AUTO(json_freep)
    json_t *o = json_pack("{s:{s:s+, s:s+}}", "metadata", "uid", "u", uid % 2 ? "1" : "2", "resourceVersion", "7",
                          version % 2 ? "1" : "2");

    return watch_told_now(t, o, now_ms, ret_silent);
}

START_TEST(each_version_is_told_once_and_not_many_in_a_minute)
{
    struct watch_told t = {0};
    unsigned silent = 9;

    ck_assert(tell(&t, 1, 1, 0, &silent) && silent == 0);
    ck_assert(!tell(&t, 1, 1, 100, &silent));
    ck_assert(tell(&t, 1, 2, 200, &silent) && tell(&t, 2, 1, 300, &silent));
    ck_assert(!tell(&t, 1, 1, 1000000, &silent));
    for (int i = 0; i < TOLD_PER_MINUTE; i++) {
        ck_assert(watch_told_now(&t, NULL, 2000000 + i, &silent));
    }
    for (int i = 0; i < 5; i++) {
        ck_assert(!watch_told_now(&t, NULL, 2000100, &silent));
    }
    ck_assert(!tell(&t, 2, 2, 2050000, &silent));
    ck_assert(tell(&t, 2, 2, 2060001, &silent) && silent == 6);
    ck_assert(watch_told_now(&t, NULL, 2060001, &silent) && silent == 0);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("object_reader");
    TCase *tc = tcase_create("object_reader");

    tcase_add_loop_test(tc, an_event_that_is_too_large_leaves_a_header, 0, ARRAY_LEN(events));
    tcase_add_test(tc, finalizers_are_all_there_or_none);
    tcase_add_test(tc, items_of_a_list_come_one_by_one);
    tcase_add_test(tc, each_version_is_told_once_and_not_many_in_a_minute);
    suite_add_tcase(s, tc);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? 1 : 0;
}
