// Who is a launcher? Verifies projected service-account tokens: by the cluster's published keys, else by TokenReview.
// Tokens are never logged nor kept, only their digests.
#ifndef VMB_TOKEN_H
#define VMB_TOKEN_H

#include "api/kinds/instance.h"
#include "kube/request.h"
#include "serve/trust/token_verify.h"

/* Published keys are read hourly, and for a key that they lack once per 10 s. What they do not settle the API server
 * is asked, for as much as the peer may cost (review_limit.h). What it said is remembered for some minutes; what a key proves is cheap
 * and is not. */

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
