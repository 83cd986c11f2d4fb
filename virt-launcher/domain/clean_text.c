// One pass over the bytes, character by character.
#include "domain/clean_text.h"

/* Bytes of the UTF-8 character at 's', 0 when it is none (overlong, surrogate, cut off). 'ret_code' is its number. */
static size_t
utf8_next(const char *s, uint32_t *ret_code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char c = (unsigned char)s[0];
    size_t n = c < 0x80 ? 1 : (c & 0xe0) == 0xc0 ? 2 : (c & 0xf0) == 0xe0 ? 3 : (c & 0xf8) == 0xf0 ? 4 : 0;
    uint32_t code = n == 1 ? c : n == 0 ? 0 : c & (0xffU >> (n + 1));

    for (size_t i = 1; i < n; i++) {
        unsigned char k = (unsigned char)s[i];
        if ((k & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (k & 0x3f);
    }
    if (n == 0 || code < least[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
        return 0;
    }
    *ret_code = code;
    return n;
}

static bool
is_printable(uint32_t code)
{
    bool is_control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    bool is_mark = (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
                   (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;

    return !is_control && !is_mark;
}

char *
clean_text(struct arena *a, const char *s, size_t max)
{
    size_t len = 0;

    if (str_empty(s)) {
        return NULL;
    }
    size_t all = strnlen(s, max);
    char *out = arena_strndup(a, s, all);
    for (size_t i = 0; s[i] && len < all;) {
        uint32_t code = 0;
        size_t n = utf8_next(&s[i], &code);
        if (n == 0 || !is_printable(code)) {
            out[len++] = '?';
            i += n ? n : 1;
            continue;
        }
        if (len + n > all) {
            break;
        }
        memcpy(&out[len], &s[i], n);
        len += n;
        i += n;
    }
    out[len] = '\0';
    return out;
}
