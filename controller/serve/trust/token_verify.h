// What a token proves, of itself, by published keys, or by what the API server says of it. Pure.
#ifndef VMB_TOKEN_VERIFY_H
#define VMB_TOKEN_VERIFY_H

#include "serve/trust/token_text.h"

enum { TOKEN_KEYS_MAX = 32, TOKEN_LEEWAY_S = 60 };

/* The pod that a token is bound to. */
struct token_identity {
    char *namespace;
    char *pod_name;
    char *pod_uid;
    char *service_account;
    int64_t expires_s; /* wall clock */
};

void token_identity_free(struct token_identity *id);
void token_identity_freep(struct token_identity **id);

struct token_keys;

/* Public keys of a JWK set; keys of kinds that no token is signed with are skipped. Errors: ERR_INVALID for no set. */
MUST_CHECK struct err *token_keys_parse(const json_t *jwks, struct token_keys **ret_keys);
size_t token_keys_count(const struct token_keys *k);
void token_keys_free(struct token_keys *k);
void token_keys_freep(struct token_keys **k);

/* Checks form, audience, time and pod binding of a compact JWS, then its signature and issuer. Only RS256/384/512 and
 * ES256/384/512, each with a key of its own kind.
 * keys     NULL: none are known
 * Errors   ERR_NOT_FOUND: nothing speaks against it, but none of 'keys' is the one it names, or the issuer is another than the
 *          published one (an API server may accept several): the API server must be asked. ERR_INVALID: refused.
 *          Texts hold no part of the token. */
MUST_CHECK struct err *token_verify(const struct token_keys *keys, const char *issuer, const char *audience,
                                    const char *token, size_t len, int64_t now_s, struct token_identity **ret_identity);

/* What a token says of itself, and the id of the key that it names ("" for none): nobody has proven it. The caller frees both.
 * Errors: ERR_INVALID: refused, as above. */
MUST_CHECK struct err *token_claimed(const char *audience, const char *token, size_t len, int64_t now_s,
                                     struct token_identity **ret_claimed, char **ret_key_id);

/* The identity in a TokenReview answer; 'expires_s' is not in it and becomes 0: a token that the API server accepts tells it itself.
 * Errors: ERR_INVALID: the API server says no, or for another audience, or no pod. */
MUST_CHECK struct err *token_review_read(const json_t *review, const char *audience,
                                         struct token_identity **ret_identity);

#endif
