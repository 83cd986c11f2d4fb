// vmbridge's own CA and the gateway's serving certificate as one set: what it should be now, and its form in a Secret. Pure.
#ifndef VMB_CERTS_H
#define VMB_CERTS_H

#include "base/json.h"
#include "serve/trust/certs_make.h"

#define CERTS_SECRET "vmbridge-certs"

/* What the Secret holds. */
struct certs_set {
    struct certs_pair leaf; /* tls.crt, tls.key: of the server */
    char *ca_pem;           /* ca.crt: all CAs to trust; the first one signs */
    char *ca_key;           /* ca.key: of the first one */
    char *next_key;         /* ca-next.key: of the second one, while a renewal runs; else NULL */
};

struct certs_policy { /* lifetimes in seconds */
    int64_t ca_s; /* 10 years. At 80 % the next CA joins the bundle, at 90 % it signs; an expired one leaves the bundle */
    int64_t leaf_s; /* 90 days, renewed at 2/3; never beyond the CA's end */
};

extern const struct certs_policy certs_default_policy;

void certs_pair_fini(struct certs_pair *p);
void certs_set_free(struct certs_set *s);
void certs_set_freep(struct certs_set **s);

/* What the set should be now: *ret_new is NULL when 'old' is right, else a new set. 'old' NULL: none yet.
 * Errors: ERR_INVALID: 'old' is damaged (the text says which key of the Secret). */
MUST_CHECK struct err *certs_renew(const struct certs_set *old, const char *const *names,
                                   const struct certs_policy *policy, int64_t now_s, struct certs_set **ret_new);

/* What the server shows: the leaf, and behind it the CA that signed it, since launchers know CAs by their digests alone. The caller
 * frees. */
MUST_CHECK char *certs_chain(const struct certs_set *s);
/* Secret to set and back. 'resource_version' NULL for a new one; the caller owns the tree.
 * Errors: ERR_INVALID names the key that is missing or unreadable. */
MUST_CHECK json_t *certs_to_secret(const struct certs_set *s, const char *namespace, const char *resource_version);
MUST_CHECK struct err *certs_from_secret(const json_t *secret, struct certs_set **ret_set);

/* Whether the parts of a set belong together. Errors: ERR_INVALID names the key of the Secret that is at fault. */
MUST_CHECK struct err *certs_check(const struct certs_set *s);
MUST_CHECK struct certs_set *certs_set_copy(const struct certs_set *s);
bool certs_set_equal(const struct certs_set *a, const struct certs_set *b);

#endif
