// The outer form of a compact JWS, checked strictly before any library sees a byte of it: what reaches our port is anybody's text, and
// libraries abort on some. Pure.
#ifndef VMB_TOKEN_TEXT_H
#define VMB_TOKEN_TEXT_H

#include "base/err.h"
#include "base/json.h"

enum {
    TOKEN_MAX_BYTES = 8 * 1024, /* the launcher reads no longer one */
    TOKEN_HEADER_MAX_BYTES = 1024,
    TOKEN_CLAIMS_MAX_BYTES = 6 * 1024,
    TOKEN_SIGNATURE_MAX_BYTES = 1024, /* RSA with 8192 bits */
};

/* Base64url without padding; borrowed. */
struct token_segment {
    const char *text;
    size_t len;
};

struct token_text {
    struct token_segment header;
    struct token_segment claims;
    struct token_segment signature;
};

/* Bytes that a segment stands for, or 0: it is empty, or has another sign than those of base64url, a length that no encoder makes or
 * bits set behind its last byte. */
size_t token_segment_bytes(struct token_segment s);

/* Exactly three segments, each base64url and none above its size. Errors: ERR_INVALID. */
MUST_CHECK struct err *token_text_split(const char *token, size_t len, struct token_text *ret_text);

/* The JSON object in a segment of at most 'max_bytes' that token_segment_bytes accepts. The caller owns the tree.
 * Errors: ERR_INVALID, which tells nothing of the text. */
MUST_CHECK struct err *token_segment_json(struct token_segment s, size_t max_bytes, const char *what, json_t **ret_json);

#endif
