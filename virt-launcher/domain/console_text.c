// Line by line; nothing is remembered between two calls.
#include "domain/console_text.h"

#include "base/utf8.h"

enum { ESCAPE = 0x1b, BELL = 0x07 };

#define MARK "| "

/* What whoever reads our lines may strip from their beginning. */
static bool
is_blank(uint32_t code)
{
    static const uint32_t blanks[] = {' ', '\t', 0xa0, 0x1680, 0x202f, 0x205f, 0x3000};

    for (size_t i = 0; i < ARRAY_LEN(blanks); i++) {
        if (code == blanks[i]) {
            return true;
        }
    }
    return code >= 0x2000 && code <= 0x200a;
}

static size_t
span(const char *s, size_t len, unsigned char first, unsigned char last)
{
    size_t n = 0;

    while (n < len && (unsigned char)s[n] >= first && (unsigned char)s[n] <= last) {
        n++;
    }
    return n;
}

/* Text for the terminal itself, such as a title: up to BEL or ESC \. */
static size_t
string_len(const char *s, size_t len)
{
    for (size_t i = 2; i < len; i++) {
        if (s[i] == BELL) {
            return i + 1;
        }
        if (s[i] == ESCAPE) {
            return i + 1 < len ? i + 2 : len;
        }
    }
    return len;
}

/* Length of the escape sequence at 's' (ECMA-48). */
static size_t
escape_len(const char *s, size_t len)
{
    size_t n = 1;

    if (n < len && strchr("]P^_X", s[n]) && s[n]) {
        return string_len(s, len);
    }
    if (n < len && s[n] == '[') {
        n++;
        n += span(&s[n], len - n, 0x30, 0x3f);
    }
    n += span(&s[n], len - n, 0x20, 0x2f);
    return n < len && (unsigned char)s[n] >= 0x30 && (unsigned char)s[n] <= 0x7e ? n + 1 : n;
}

static bool
is_control(char c)
{
    return ((unsigned char)c < ' ' && c != '\t') || c == 0x7f;
}

/* The visible part of a line. */
static void
add_line(const char *raw, size_t len, struct strbuf *out)
{
    bool is_begun = false;

    for (size_t i = 0; i < len;) {
        uint32_t code = 0;
        if (is_control(raw[i])) {
            i += raw[i] == ESCAPE ? escape_len(&raw[i], len - i) : 1;
            continue;
        }
        size_t n = utf8_next(&raw[i], &code);
        bool is_shown = n > 0 && (code == '\t' || utf8_is_printable(code));
        if (code == '{' && !is_begun) {
            strbuf_adds(out, MARK);
        }
        is_begun = is_begun || !is_blank(code);
        strbuf_add(out, is_shown ? &raw[i] : "?", is_shown ? n : 1);
        i += n ? n : 1;
    }
}

/* Bytes of 's' without the character that is only begun at its end. */
static size_t
whole_len(const char *s, size_t len)
{
    for (size_t back = 1; back < UTF8_MAX && back < len; back++) {
        unsigned char c = (unsigned char)s[len - back];
        size_t size = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
        if ((c & 0xc0) != 0x80) {
            return size > back ? len - back : len;
        }
    }
    return len;
}

/* Bytes of the line's end at 's': CR LF, CR CR LF, LF, CR. 0 when it may go on behind 'len'. */
static size_t
end_len(const char *s, size_t len, bool is_all)
{
    size_t n = 0;

    while (n < len && s[n] == '\r') {
        n++;
    }
    if (n < len && s[n] == '\n') {
        return n + 1;
    }
    return n < len || is_all ? n : 0;
}

static size_t
line_len(const char *s, size_t len)
{
    size_t n = 0;

    while (n < len && s[n] != '\n' && s[n] != '\r') {
        n++;
    }
    return n;
}

size_t
console_text(const char *raw, size_t len, bool is_all, struct strbuf *out)
{
    size_t taken = 0;

    while (taken < len) {
        const char *at = &raw[taken];
        size_t left = len - taken;
        bool is_full = taken == 0 && len >= CONSOLE_RAW_MAX; /* it will not become longer */
        size_t n = line_len(at, left);
        size_t end = n < left ? end_len(&at[n], left - n, is_all || is_full) : 0;
        if (end == 0 && !is_all && !is_full) {
            break;
        }
        if (end == 0) {
            n = is_all ? n : whole_len(at, n);
        }
        size_t before = out->len;
        add_line(at, n, out);
        bool is_ended = end > 0 && at[n + end - 1] == '\n';
        if (is_ended || out->len > before) { /* nothing is shown of a line that was wiped before it began */
            strbuf_addc(out, '\n');
        }
        taken += n + end;
    }
    return taken;
}

int64_t
console_mark(const char *text, int64_t size)
{
    int64_t done = strtoll(text, NULL, 10);

    return done > 0 && done <= size ? done : 0;
}
