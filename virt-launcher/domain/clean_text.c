// One pass over the bytes, character by character.
#include "domain/clean_text.h"

#include "base/utf8.h"

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
        if (n == 0 || !utf8_is_printable(code)) {
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
    return len > 0 ? out : NULL;
}
