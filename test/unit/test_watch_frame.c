// Frames are the same wherever the bytes are split; lines of a watch are taken apart.
#include "kube/watch_frame.h"
#include "kube/watch_line.h"

#include <check.h>

struct seen {
    struct strbuf all; /* each frame in brackets */
    bool in_line;
    int fail_at; /* the frame, from 1, that is answered with an error; 0: none */
    int n;
};

static const struct {
    const char *name;
    const char *bytes;
    const char *want;
} streams[] = {
    {"one line", "{\"a\":1}\n", "[{\"a\":1}]"},
    {"two lines", "{}\n[]\n", "[{}][[]]"},
    {"empty lines are nothing", "\n\n{}\n\n", "[{}]"},
    {"a line of carriage returns is none", "{}\r\n\r\n\r\r\n1\n", "[{}\r][1]"},
    {"an unfinished line has no end", "{}\n{\"a\":", "[{}][{\"a\":"},
    {"nothing", "", ""},
    {"a lone line end", "\n", ""},
    {"long and short", "0123456789012345678901234567890123456789\n1\n22\n",
     "[0123456789012345678901234567890123456789][1][22]"},
};

static struct err *
on_piece(void *arg, const char *bytes, size_t len, bool is_end)
{
    struct seen *s = arg;

    ck_assert(len > 0 || is_end);
    if (!s->in_line) {
        s->n++;
        if (s->n == s->fail_at) {
            return err_new(ERR_GONE, "frame %d", s->n);
        }
        (void)strbuf_addc(&s->all, '[');
    }
    (void)strbuf_add(&s->all, bytes, len);
    if (is_end) {
        (void)strbuf_addc(&s->all, ']');
    }
    s->in_line = !is_end;
    return NULL;
}

/* Feeds [from, to) out of memory of exactly that size, so that a read past it is caught. */
static struct err *
feed(struct watch_frame *f, const char *bytes, size_t from, size_t to, struct seen *s)
{
    AUTO(freep) char *exact = xcalloc(1, to - from ? to - from : 1);

    memcpy(exact, bytes + from, to - from);
    return watch_frame_feed(f, exact, to - from, on_piece, s);
}

START_TEST(frames_do_not_depend_on_the_split)
{
    const char *bytes = streams[_i].bytes;
    size_t len = strlen(bytes);

    for (size_t a = 0; a <= len; a++) {
        for (size_t b = a; b <= len; b++) {
            struct watch_frame f = {0};
            struct seen s = {.all = STRBUF_INIT(1000)};
            ck_assert(!feed(&f, bytes, 0, a, &s));
            ck_assert(!feed(&f, bytes, a, b, &s));
            ck_assert(!feed(&f, bytes, b, len, &s));
            ck_assert_msg(str_eq(strbuf_str(&s.all), streams[_i].want), "%s: split at %zu and %zu: %s",
                          streams[_i].name, a, b, strbuf_str(&s.all));
            strbuf_fini(&s.all);
        }
    }
}
END_TEST

START_TEST(the_first_error_stops_the_feed)
{
    struct watch_frame f = {0};
    struct seen s = {.all = STRBUF_INIT(1000), .fail_at = 2};

    struct err *e = watch_frame_feed(&f, "1\n2\n3\n", 6, on_piece, &s);
    ck_assert(e && err_class(e) == ERR_GONE);
    ck_assert_int_eq(s.n, 2);
    ck_assert_str_eq(strbuf_str(&s.all), "[1]");
    err_free(e);
    strbuf_fini(&s.all);
}
END_TEST

static const struct {
    const char *name;
    const char *text;
    bool want_ok;
    enum watch_line_type want_type;
    const char *want_version;
    bool want_end;
    enum err_class want_class; /* of a LINE_ERROR */
} lines[] = {
    {"an object", "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":\"7\"}}}", true, LINE_ADDED, "7",
     false, 0},
    {"a version is any text", "{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"resourceVersion\":\"a-9\"}}}", true,
     LINE_MODIFIED, "a-9", false, 0},
    {"a version that is a number is none", "{\"type\":\"DELETED\",\"object\":{\"metadata\":{\"resourceVersion\":7}}}",
     true, LINE_DELETED, NULL, false, 0},
    {"a bookmark", "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"8\"}}}", true, LINE_BOOKMARK,
     "8", false, 0},
    {"the end of the initial events",
     "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"8\",\"annotations\":{\"k8s.io/"
     "initial-events-end\":\"true\"}}}}",
     true, LINE_BOOKMARK, "8", true, 0},
    {"an expired version", "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"reason\":\"Expired\"}}",
     true, LINE_ERROR, NULL, false, ERR_GONE},
    {"a server error", "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":500}}", true, LINE_ERROR, NULL,
     false, ERR_RETRY},
    {"an error without a code", "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\"}}", true, LINE_ERROR, NULL, false,
     ERR_RETRY},
    {"an error that says 200", "{\"type\":\"ERROR\",\"object\":{\"code\":200}}", true, LINE_ERROR, NULL, false,
     ERR_RETRY},
    {"an unknown type", "{\"type\":\"GROWN\",\"object\":{}}", false, 0, NULL, false, 0},
    {"no type", "{\"object\":{}}", false, 0, NULL, false, 0},
    {"no object", "{\"type\":\"ADDED\"}", false, 0, NULL, false, 0},
    {"an object that is a list", "{\"type\":\"ADDED\",\"object\":[]}", false, 0, NULL, false, 0},
    {"a number", "1", false, 0, NULL, false, 0},
};

START_TEST(lines_are_taken_apart)
{
    struct watch_line line = {0};
    struct err *e = watch_line_take(json_loads(lines[_i].text, JSON_DECODE_ANY, NULL), &line);

    ck_assert_msg(!e == lines[_i].want_ok, "%s: %s", lines[_i].name, e ? err_text(e) : "taken");
    if (e) {
        ck_assert_int_eq(err_class(e), ERR_INVALID);
    } else {
        ck_assert_msg(line.type == lines[_i].want_type, "%s: type", lines[_i].name);
        ck_assert_msg(str_eq(line.version, lines[_i].want_version), "%s: version", lines[_i].name);
        ck_assert_msg(line.is_initial_end == lines[_i].want_end, "%s: end", lines[_i].name);
        ck_assert_msg(!line.error == (line.type != LINE_ERROR), "%s: error", lines[_i].name);
        ck_assert_msg(!line.error || err_class(line.error) == lines[_i].want_class, "%s: class", lines[_i].name);
    }
    err_free(e);
    watch_line_fini(&line);
}
END_TEST

static const struct {
    const char *name;
    const char *list;
    const char *item;
    const char *want;
} completions[] = {
    {"built-in kinds get both", "{\"kind\":\"PodList\",\"apiVersion\":\"v1\"}", "{}",
     "{\"apiVersion\":\"v1\",\"kind\":\"Pod\"}"},
    {"what stands there stays", "{\"kind\":\"PodList\",\"apiVersion\":\"v1\"}",
     "{\"kind\":\"X\",\"apiVersion\":\"x/v2\"}", "{\"apiVersion\":\"x/v2\",\"kind\":\"X\"}"},
    {"a kind that is no list gives none", "{\"kind\":\"Pods\",\"apiVersion\":\"v1\"}", "{}", "{\"apiVersion\":\"v1\"}"},
    {"List alone names nothing", "{\"kind\":\"List\"}", "{}", "{}"},
};

START_TEST(items_of_lists_are_completed)
{
    AUTO(json_freep) json_t *list = json_loads(completions[_i].list, 0, NULL);
    AUTO(json_freep) json_t *item = json_loads(completions[_i].item, 0, NULL);

    watch_line_complete(list, item);
    AUTO(freep) char *text = json_dumps(item, JSON_COMPACT | JSON_SORT_KEYS);
    ck_assert_msg(str_eq(text, completions[_i].want), "%s: %s", completions[_i].name, text);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("watch_frame");
    TCase *t = tcase_create("frames");

    tcase_add_loop_test(t, frames_do_not_depend_on_the_split, 0, ARRAY_LEN(streams));
    tcase_add_test(t, the_first_error_stops_the_feed);
    tcase_add_loop_test(t, lines_are_taken_apart, 0, ARRAY_LEN(lines));
    tcase_add_loop_test(t, items_of_lists_are_completed, 0, ARRAY_LEN(completions));
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
