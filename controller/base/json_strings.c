// Quotes are found by memchr, which is far faster than a parser: nearly all strings are short and have no escapes.
#include "json_strings.h"

static const char *closing_quote(const char *begin, const char *end);
static bool is_escaped(const char *begin, const char *at);

size_t
json_strings_before(const char *bytes, size_t len)
{
    const char *end = bytes + len;
    const char *quote = memchr(bytes, '"', len);

    while (quote) {
        const char *closing = closing_quote(quote + 1, end);
        if (!closing) {
            return (size_t)(quote - bytes);
        }
        quote = memchr(closing + 1, '"', (size_t)(end - closing) - 1);
    }
    return len;
}

bool
json_strings_end(const char *bytes, size_t len, bool *escaped, size_t *ret_len)
{
    const char *end = bytes + len;
    const char *begin =
        *escaped && len > 0 ? bytes + 1 : bytes; /* what the backslash stands before is no quote, nor an escape */
    const char *closing = closing_quote(begin, end);

    if (len > 0) {
        *escaped = !closing && is_escaped(begin, end);
    }
    *ret_len = closing ? (size_t)(closing - bytes) + 1 : len;
    return closing != NULL;
}

size_t
json_strings_number(const char *bytes, size_t len)
{
    size_t n = 0;

    while (n < len && bytes[len - 1 - n] != '\0' && strchr("0123456789+-.eE", bytes[len - 1 - n])) {
        n++;
    }
    return n;
}

/* Of a string whose text begins here; NULL: it is not among the bytes. */
static const char *
closing_quote(const char *begin, const char *end)
{
    const char *quote = memchr(begin, '"', (size_t)(end - begin));

    while (quote && is_escaped(begin, quote)) {
        quote = memchr(quote + 1, '"', (size_t)(end - quote) - 1);
    }
    return quote;
}

/* An odd number of backslashes stands before 'at'. */
static bool
is_escaped(const char *begin, const char *at)
{
    const char *first = at;

    while (first > begin && first[-1] == '\\') {
        first--;
    }
    return (at - first) % 2 == 1;
}
