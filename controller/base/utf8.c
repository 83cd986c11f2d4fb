// Looks at bytes only; allocates nothing.
#include "utf8.h"

size_t
utf8_next(const char *s, uint32_t *ret_code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char c = (unsigned char)s[0];
    size_t n = c < 0x80 ? 1 : (c & 0xe0) == 0xc0 ? 2 : (c & 0xf0) == 0xe0 ? 3 : (c & 0xf8) == 0xf0 ? 4 : 0;
    uint32_t code = n == 1 ? c : n == 0 ? 0 : c & (0xffU >> (n + 1));

    for (size_t i = 1; i < n; i++) {
        unsigned char k = (unsigned char)s[i];
        if ((k & 0xc0) != 0x80) { /* a NUL, too: nothing behind it is read */
            return 0;
        }
        code = code << 6 | (k & 0x3f);
    }
    if (n == 0 || c == 0 || code < least[n] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
        return 0;
    }
    *ret_code = code;
    return n;
}

size_t
utf8_cut(const char *s, size_t max)
{
    size_t len = 0;
    uint32_t code;

    while (len < max && s[len]) {
        size_t n = utf8_next(&s[len], &code);
        if (n > max - len) {
            break;
        }
        len += n ? n : 1;
    }
    return len;
}

void
utf8_mend(char *s)
{
    uint32_t code;

    while (*s) {
        size_t n = utf8_next(s, &code);
        if (n == 0) {
            *s = '?';
        }
        s += n ? n : 1;
    }
}

bool
utf8_is_printable(uint32_t code)
{
    static const struct {
        uint32_t first, last;
    } hidden[] = {
        {0, 0x1f},        {0x7f, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},   {0x180e, 0x180e},   {0x200b, 0x200f},
        {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
    };

    for (size_t i = 0; i < ARRAY_LEN(hidden); i++) {
        if (code >= hidden[i].first && code <= hidden[i].last) {
            return false;
        }
    }
    return true;
}

void
utf8_clean(char *s)
{
    char *to = s;

    for (const char *from = s; *from;) {
        uint32_t code = 0;
        size_t n = utf8_next(from, &code);
        if (n > 0 && utf8_is_printable(code)) {
            memmove(to, from, n);
            to += n;
        } else {
            *to++ = n == 1 ? ' ' : '?';
        }
        from += n ? n : 1;
    }
    *to = '\0';
}

bool
utf8_is_clean(const char *s)
{
    uint32_t code = 0;

    for (size_t n; *s; s += n) {
        n = utf8_next(s, &code);
        if (n == 0 || !utf8_is_printable(code)) {
            return false;
        }
    }
    return true;
}
