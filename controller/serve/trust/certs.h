// vmbridge's own CA and the gateway's serving certificate: made with OpenSSL (ECDSA P-256), kept in one Secret that all replicas share.
#ifndef VMB_CERTS_H
#define VMB_CERTS_H

#include "kube/request.h"

#define CERTS_SECRET "vmbridge-certs"
#define CERTS_SERVICE "vmbridge-gateway"

enum { CERTS_PEM_MAX = 64 * 1024, CERTS_DAY_S = 86400 };

struct certs_pair {
    char *crt_pem;
    char *key_pem;
};

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

/* --- Pure core (randomness of keys and serial numbers is OpenSSL's) --- */

/* Errors: ERR_FATAL: OpenSSL could not. */
MUST_CHECK struct err *certs_make_ca(int64_t now_s, int64_t lifetime_s, struct certs_pair *ret_ca);
/* 'names' ends in NULL; DNS names, the first is the common name too. Errors: ERR_INVALID when 'ca' cannot be read. */
MUST_CHECK struct err *certs_make_leaf(const struct certs_pair *ca, const char *const *names, int64_t now_s,
                                       int64_t lifetime_s, struct certs_pair *ret_leaf);

/* True when 'percent' of the life of the first certificate in 'crt_pem' is over, or it cannot be read. */
bool certs_due(const char *crt_pem, unsigned percent, int64_t now_s);
/* End of the first certificate in 'crt_pem', wall clock seconds; 0 when it cannot be read. */
int64_t certs_not_after(const char *crt_pem);

/* What the set should be now: *ret_new is NULL when 'old' is right, else a new set. 'old' NULL: none yet.
 * Errors: ERR_INVALID: 'old' is damaged (the text says which key of the Secret). */
MUST_CHECK struct err *certs_renew(const struct certs_set *old, const char *const *names,
                                   const struct certs_policy *policy, int64_t now_s, struct certs_set **ret_new);

/* What the server shows: the leaf, and behind it the CA that signed it, since launchers know CAs by their digests alone. The caller
 * frees. */
MUST_CHECK char *certs_chain(const struct certs_set *s);
/* The digests of the certificates in 'bundle' (GATEWAY_PINS_ANNOTATION); the caller frees. */
MUST_CHECK char *certs_pins(const char *bundle);

/* Secret to set and back. 'resource_version' NULL for a new one; the caller owns the tree.
 * Errors: ERR_INVALID names the key that is missing or unreadable. */
MUST_CHECK json_t *certs_to_secret(const struct certs_set *s, const char *namespace, const char *resource_version);
MUST_CHECK struct err *certs_from_secret(const json_t *secret, struct certs_set **ret_set);

/* --- The keeper: reads or creates the Secret, reads it again every minute; the leader renews --- */

struct certs;

struct certs_options {
    const char *namespace;             /* of the controller; copied */
    const struct certs_policy *policy; /* NULL: the default; copied */
    int64_t reread_ms;                 /* 0: one minute */
    struct metrics *metrics;           /* borrowed, may be NULL */
};

/* Called from the loop for the first set and at each change; 'set' is borrowed and valid until the next call. */
typedef void certs_changed_fn(void *arg, const struct certs_set *set);

MUST_CHECK struct err *certs_new(uv_loop_t *loop, struct kube *kube, const struct certs_options *options,
                                 certs_changed_fn *changed, void *arg, struct certs **ret_certs);
/* The current set, NULL before the first one. */
const struct certs_set *certs_current(const struct certs *c);
/* Why there is no usable set, for readiness; NULL when there is one. Valid until the loop runs on. */
const char *certs_problem(const struct certs *c);
/* Only the leader renews. Starts as false. */
void certs_set_leader(struct certs *c, bool leads);
/* The memory goes when the loop has closed the handles. Before kube_close. NULL is nothing. */
void certs_close(struct certs *c);

#endif
