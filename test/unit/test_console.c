// The guest's console in the pod's log: whole lines, none of which can be taken for one of the launcher's own.
#include "domain/console_text.h"
#include "observe/console_tail.h"

#include <check.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    const char *name, *raw, *want, *rest; /* 'rest' is left for later */
} texts[] = {
    {"lines", "a\nb\n", "a\nb\n", ""},
    {"empty lines", "a\n\n\nb\n", "a\n\n\nb\n", ""},
    {"lines of a terminal", "a\r\nb\r\r\n", "a\nb\n", ""},
    {"an unfinished line", "a\nlogin: ", "a\n", "login: "},
    {"a carriage return that may be half of an end", "a\r", "", "a\r"},
    {"a line that is written over", "10%\r20%\r30%\n", "10%\n20%\n30%\n", ""},
    {"our own line, forged", "{\"level\":\"error\"}\n", "| {\"level\":\"error\"}\n", ""},
    {"the same behind blanks", " \t{\"level\":1}\n", " \t| {\"level\":1}\n", ""},
    {"behind a blank of another script", "\u3000{\n", "\u3000| {\n", ""},
    {"behind a character that is not seen", "\u200b{\n", "?{\n", ""},
    {"behind a carriage return", "boot\r{\"level\":1}\n", "boot\n| {\"level\":1}\n", ""},
    {"behind a sequence that moves the cursor", "\033[2K\033[1G{\n", "| {\n", ""},
    {"behind backspaces", "ab\b\b{\n", "ab{\n", ""},
    {"behind bytes of zero", "\\0{\n", "| {\n", ""},
    {"not at the beginning", "a {\n", "a {\n", ""},
    {"colours", "\033[1;32m OK \033[0m up\n", " OK  up\n", ""},
    {"a title of the window", "\033]0;owned\007a\n\033]0;x\033\\b\n", "a\nb\n", ""},
    {"a sequence without end", "a\033[\nb\033", "a\n", "b\033"},
    {"an intermediate byte", "\033(Ba\n", "a\n", ""},
    {"text that turns around", "a\u202eb\n", "a?b\n", ""},
    {"a control of two bytes", "a\xc2\x9b{\n", "a?{\n", ""},
    {"no UTF-8", "\xff\xe2\x82\n", "???\n", ""},
    {"letters of the world", "B\u00fcro \u6771\n", "B\u00fcro \u6771\n", ""},
};

/* "\\0" in a row stands for a NUL. */
static size_t
unescape(const char *text, char *ret)
{
    size_t n = 0;

    for (; *text; text++) {
        bool is_nul = text[0] == '\\' && text[1] == '0';
        ret[n] = *text;
        if (is_nul) {
            ret[n] = '\0';
            text++;
        }
        n++;
    }
    ret[n] = '\0';
    return n;
}

START_TEST(lines_are_cleaned)
{
    char raw[CONSOLE_RAW_MAX + 1];
    AUTO(strbuf_fini) struct strbuf out = STRBUF_INIT(CONSOLE_TEXT_MAX);
    size_t len = unescape(texts[_i].raw, raw);
    size_t took = console_text(raw, len, false, &out);

    ck_assert_str_eq(strbuf_str(&out), texts[_i].want);
    ck_assert_msg(str_eq(raw + took, texts[_i].rest), "%s: '%s' is left", texts[_i].name, raw + took);
}
END_TEST

/* A long line comes in parts, and none of them is one of ours. */
START_TEST(long_lines_are_cut)
{
    char raw[CONSOLE_RAW_MAX + 1];
    AUTO(strbuf_fini) struct strbuf out = STRBUF_INIT(CONSOLE_TEXT_MAX);

    memset(raw, '{', CONSOLE_RAW_MAX);
    raw[CONSOLE_RAW_MAX] = '\0';
    ck_assert_uint_eq(console_text(raw, CONSOLE_RAW_MAX, false, &out), CONSOLE_RAW_MAX);
    ck_assert(str_starts(out.buf, "| {{"));
    ck_assert_uint_eq(out.len, CONSOLE_RAW_MAX + 3);
    strbuf_reset(&out);
    for (size_t i = 0; i + 3 <= CONSOLE_RAW_MAX; i += 3) {
        memcpy(&raw[i], "\xe2\x82\xac", 3);
    }
    memcpy(&raw[CONSOLE_RAW_MAX / 3 * 3], "\xe2\x82\xac", CONSOLE_RAW_MAX % 3);
    ck_assert_uint_eq(console_text(raw, CONSOLE_RAW_MAX, false, &out), CONSOLE_RAW_MAX / 3 * 3);
    ck_assert(!strchr(out.buf, '?'));
    strbuf_reset(&out);
    for (size_t i = 0; i < CONSOLE_RAW_MAX; i++) {
        raw[i] = i % 2 ? '\n' : '{'; /* the most that can come of it */
    }
    ck_assert_uint_eq(console_text(raw, CONSOLE_RAW_MAX, false, &out), CONSOLE_RAW_MAX);
    ck_assert(!out.over);
}
END_TEST

/* The tail, over real files and a pipe. */

static struct {
    char dir[64];
    char path[80];
    char mark[80];
    int console; /* where QEMU writes */
    int pipe[2];
    uv_loop_t loop;
    struct console_tail tail;
    struct console_tail next; /* of the manager after the first */
} w;

static void
setup(void)
{
    memset(&w, 0, sizeof(w));
    (void)snprintf(w.dir, sizeof(w.dir), "/tmp/vmb-console.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(w.dir));
    (void)snprintf(w.path, sizeof(w.path), "%s/log", w.dir);
    (void)snprintf(w.mark, sizeof(w.mark), "%s/mark", w.dir);
    w.console = open(w.path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ck_assert_int_ge(w.console, 0);
    ck_assert_int_eq(pipe2(w.pipe, O_CLOEXEC), 0);
    ck_assert_int_eq(uv_loop_init(&w.loop), 0);
}

static void
start(struct console_tail *tail)
{
    struct err *e = console_tail_start(tail, &w.loop, w.path, w.mark, w.pipe[1]);

    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
}

static void
close_handle(uv_handle_t *handle, void *arg)
{
    (void)arg; /* all are closed alike */
    if (!uv_is_closing(handle)) {
        uv_close(handle, NULL);
    }
}

/* A tail lives as long as its process, so it has no end of its own. */
static void
close_tail(const struct console_tail *tail)
{
    if (tail->path) {
        (void)close(tail->fd);
        (void)close(tail->mark_fd);
    }
}

static void
teardown(void)
{
    uv_walk(&w.loop, close_handle, NULL);
    (void)uv_run(&w.loop, UV_RUN_DEFAULT); /* ends when all are closed */
    ck_assert_int_eq(uv_loop_close(&w.loop), 0);
    close_tail(&w.tail);
    close_tail(&w.next);
    (void)close(w.console);
    (void)close(w.pipe[0]);
    (void)close(w.pipe[1]);
    (void)unlink(w.path);
    (void)unlink(w.mark);
    (void)rmdir(w.dir);
}

static void
say(const char *text, size_t len)
{
    ck_assert_int_eq(write(w.console, text, len), (ssize_t)len);
}

/* What is on stdout now. */
static size_t
heard(char *ret, size_t size)
{
    ck_assert_int_eq(fcntl(w.pipe[0], F_SETFL, O_NONBLOCK), 0);
    ssize_t n = read(w.pipe[0], ret, size - 1);
    size_t len = n > 0 ? (size_t)n : 0;

    ret[len] = '\0';
    return len;
}

START_TEST(an_unfinished_line_swallows_nothing)
{
    char text[4096];

    start(&w.tail);
    say("login: ", 7);
    console_tail_flush(&w.tail);
    (void)heard(text, sizeof(text));
    ck_assert_str_eq(text, "login: \n"); /* what we say next stands on a line of its own */
    say("{\"level\":\"error\",\"part\":\"launcher\"}\n", 37);
    console_tail_flush(&w.tail);
    (void)heard(text, sizeof(text));
    ck_assert_str_eq(text, "| {\"level\":\"error\",\"part\":\"launcher\"}\n");
}
END_TEST

START_TEST(the_next_manager_goes_on)
{
    char text[4096];

    start(&w.tail);
    say("one\ntwo\n", 8);
    console_tail_flush(&w.tail);
    (void)heard(text, sizeof(text));
    say("three\n", 6);
    start(&w.next);
    console_tail_flush(&w.next);
    (void)heard(text, sizeof(text));
    ck_assert_str_eq(text, "three\n");
}
END_TEST

/* Nobody reads stdout, and the guest writes on: the file takes a bounded part of the disk. */
START_TEST(a_flood_is_given_back)
{
    static char block[1024 * 1024];
    struct stat st;

    memset(block, 'x', sizeof(block));
    start(&w.tail);
    for (unsigned i = 0; i < 32; i++) {
        say(block, sizeof(block));
        console_tail_flush(&w.tail);
        ck_assert_int_eq(stat(w.path, &st), 0);
        ck_assert_int_le((int64_t)st.st_blocks * 512, CONSOLE_BACKLOG_MAX + 2 * (int64_t)sizeof(block));
    }
}
END_TEST

/* A reader that takes any number of bytes at a time finds each time whole lines: nothing of ours can fall into one. */
START_TEST(one_write_at_a_time)
{
    char text[4096 * 4];
    size_t n = 0;

    start(&w.tail);
    for (unsigned i = 0; i < 2000; i++) {
        say("{\"level\":1}{\"level\":1}{\"level\":1}\n", 34);
    }
    for (unsigned i = 0; i < 200; i++) {
        console_tail_flush(&w.tail);
        size_t len = heard(text, sizeof(text));
        if (len > 0) {
            ck_assert_int_eq(text[0], '|');
            ck_assert_int_eq(text[len - 1], '\n');
            ck_assert_uint_le(len, CONSOLE_TEXT_MAX);
        }
        n += len;
    }
    ck_assert_uint_eq(n, 2000 * 36);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("console");
    TCase *t = tcase_create("text");

    tcase_add_loop_test(t, lines_are_cleaned, 0, ARRAY_LEN(texts));
    tcase_add_test(t, long_lines_are_cut);
    suite_add_tcase(s, t);
    t = tcase_create("tail");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, an_unfinished_line_swallows_nothing);
    tcase_add_test(t, the_next_manager_goes_on);
    tcase_add_test(t, a_flood_is_given_back);
    tcase_add_test(t, one_write_at_a_time);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_NORMAL);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
