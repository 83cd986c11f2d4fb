// Cuts a token into its segments, and decides whether it may be looked at.
#include "serve/trust/token_text.h"

#include <cjose/cjose.h>

enum { NOT_A_SIGN = 64 };

/* The six bits that a sign of base64url stands for, or NOT_A_SIGN. */
static unsigned
bits_of(char c)
{
    static const char signs[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const char *at = c ? strchr(signs, c) : NULL;

    return at ? (unsigned)(at - signs) : NOT_A_SIGN;
}

size_t
token_segment_bytes(struct token_segment s)
{
    static const unsigned unused_bits[] = {0, 0, 0x0f, 0x03}; /* of the last sign, by the length modulo 4 */
    unsigned last = NOT_A_SIGN;

    for (size_t i = 0; i < s.len; i++) {
        last = bits_of(s.text[i]);
        if (last == NOT_A_SIGN) {
            return 0;
        }
    }
    if (s.len == 0 || s.len % 4 == 1 || (last & unused_bits[s.len % 4])) {
        return 0;
    }
    return s.len / 4 * 3 + (s.len % 4 ? s.len % 4 - 1 : 0);
}

static bool
is_within(struct token_segment s, size_t max_bytes)
{
    size_t bytes = token_segment_bytes(s);

    return bytes > 0 && bytes <= max_bytes;
}

struct err *
token_text_split(const char *token, size_t len, struct token_text *ret_text)
{
    const char *end = token + len;
    const char *first = len <= TOKEN_MAX_BYTES ? memchr(token, '.', len) : NULL;
    const char *second = first ? memchr(first + 1, '.', (size_t)(end - first - 1)) : NULL;

    if (len == 0 || len > TOKEN_MAX_BYTES) {
        return err_new(ERR_INVALID, "token is empty or too long");
    }
    if (!second) {
        return err_new(ERR_INVALID, "token is no signed token");
    }
    const struct token_text t = {
        .header = {token, (size_t)(first - token)},
        .claims = {first + 1, (size_t)(second - first - 1)},
        .signature = {second + 1, (size_t)(end - second - 1)}, /* a third dot is no sign of base64url */
    };
    if (!is_within(t.header, TOKEN_HEADER_MAX_BYTES) || !is_within(t.claims, TOKEN_CLAIMS_MAX_BYTES) ||
        !is_within(t.signature, TOKEN_SIGNATURE_MAX_BYTES)) {
        return err_new(ERR_INVALID, "token is no signed token");
    }
    *ret_text = t;
    return NULL;
}

struct err *
token_segment_json(struct token_segment s, size_t max_bytes, const char *what, json_t **ret_json)
{
    uint8_t *text = NULL;
    size_t text_len = 0;
    json_t *j = NULL;
    struct err *e = NULL;

    if (!is_within(s, max_bytes) || !cjose_base64url_decode(s.text, s.len, &text, &text_len, NULL)) {
        return err_new(ERR_INVALID, "token has no readable %s", what);
    }
    e = json_parse((const char *)text, text_len, max_bytes, &j);
    cjose_get_dealloc()(text);
    if (e || !json_is_object(j)) {
        err_free(e); /* its text could show a part of the token */
        json_decref(j);
        return err_new(ERR_INVALID, "token has no readable %s", what);
    }
    *ret_json = j;
    return NULL;
}
