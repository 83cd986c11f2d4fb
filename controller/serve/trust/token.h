// Who is a launcher? Verifies projected service-account tokens: by the cluster's published keys, else by TokenReview.
// Tokens are never logged nor kept, only their digests.
#ifndef VMB_TOKEN_H
#define VMB_TOKEN_H

#include "api/kinds/instance.h"
#include "kube/request.h"
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

/* --- Pure core --- */

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

/* --- The verifier. Published keys are read hourly, and for a key that they lack once per 10 s. What they do not settle the API server
 * is asked, for as much as the peer may cost (review_limit.h). What it said is remembered for some minutes; what a key proves is cheap
 * and is not --- */

struct token_verifier;
struct token_check;

struct token_question {
    const char *token; /* copied */
    size_t len;
    const char *peer; /* address that it came from; copied */
    /* Whether it is worth a request to learn if that, which the token says of itself, is true. NULL: always. */
    bool (*is_worth)(void *arg, const struct token_identity *claimed);
    /* 'err' NULL: 'identity' is proven; both are borrowed until the callback returns. Class ERR_INVALID: refused; ERR_NOT_FOUND: not
     * worth it; ERR_RETRY: the API server could not be asked, or may not be now. */
    void (*done)(void *arg, const struct token_identity *identity, const struct err *err);
    void *arg;
};

/* Borrows 'kube' and 'metrics' (may be NULL). Starts to fetch the keys. */
MUST_CHECK struct err *token_verifier_new(uv_loop_t *loop, struct kube *kube, const char *audience,
                                          struct metrics *metrics, struct token_verifier **ret_verifier);

/* Calls 'done' exactly once: before it returns when the answer is known, and then returns NULL; else later. */
struct token_check *token_check(struct token_verifier *v, const struct token_question *q);
void token_check_cancel(struct token_check *c); /* 'done' is not called any more; NULL is nothing */

/* Cancels all checks; the memory goes when the loop has closed the handles. Before kube_close. NULL is nothing. */
void token_verifier_close(struct token_verifier *v);

#endif
