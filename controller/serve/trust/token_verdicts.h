// What was learnt of tokens and is believed for some minutes: the API server's verdicts, by the tokens' digests, and the keys that the
// published set lacked. Bounded: the oldest is forgotten first.
#ifndef VMB_TOKEN_VERDICTS_H
#define VMB_TOKEN_VERDICTS_H

#include "serve/trust/token_verify.h"

struct token_verdict {
    struct token_identity *identity; /* NULL: refused */
    struct err *err;                 /* why, or NULL */
};

struct token_verdicts;

MUST_CHECK struct token_verdicts *token_verdicts_new(void);
void token_verdicts_free(struct token_verdicts *v); /* NULL is nothing */

/* NULL: nothing is known of that token (any more). Borrowed until the next call, as below. */
const struct token_verdict *token_verdicts_find(struct token_verdicts *v, const char *token, size_t len);
/* Takes 'identity' and 'err', one of which is NULL. */
const struct token_verdict *token_verdicts_keep(struct token_verdicts *v, const char *token, size_t len,
                                                struct token_identity *identity, struct err *err);

/* True: the published set was read not long ago, and lacked that key. */
bool token_verdicts_lacks_key(struct token_verdicts *v, const char *key_id);
void token_verdicts_keep_lack(struct token_verdicts *v, const char *key_id);

#endif
