// Keys and certificates, made and looked into with OpenSSL (ECDSA P-256). Pure, but keys and serial numbers are by chance.
#ifndef VMB_CERTS_MAKE_H
#define VMB_CERTS_MAKE_H

#include "base/err.h"
#include "base/strbuf.h"

enum { CERTS_PEM_MAX = 64 * 1024, CERTS_DAY_S = 86400 };

struct certs_pair {
    char *crt_pem;
    char *key_pem;
};

/* Errors: ERR_FATAL: OpenSSL could not. */
MUST_CHECK struct err *certs_make_ca(int64_t now_s, int64_t lifetime_s, struct certs_pair *ret_ca);
/* 'names' ends in NULL; DNS names, the first is the common name too. Errors: ERR_INVALID when 'ca' cannot be read. */
MUST_CHECK struct err *certs_make_leaf(const struct certs_pair *ca, const char *const *names, int64_t now_s,
                                       int64_t lifetime_s, struct certs_pair *ret_leaf);

/* True when 'percent' of the life of the first certificate in 'crt_pem' is over, or it cannot be read. */
bool certs_due(const char *crt_pem, unsigned percent, int64_t now_s);
/* End of the first certificate in 'crt_pem', wall clock seconds; 0 when it cannot be read. */
int64_t certs_not_after(const char *crt_pem);

/* Whether the first certificate of 'ca_pem' signed the first of 'crt_pem'. */
bool certs_belongs(const char *ca_pem, const char *crt_pem);
/* Whether a certificate is valid for all of 'names' (ends in NULL). */
bool certs_has_names(const char *crt_pem, const char *const *names);
/* Whether certificate and key are a pair. */
bool certs_pair_fits(const char *crt_pem, const char *key_pem);
/* Certificate number 'index' of a bundle as its own text, or NULL. The caller frees. */
MUST_CHECK char *certs_bundle_at(const char *bundle, size_t index);
/* The digests of the certificates in 'bundle' (GATEWAY_PINS_ANNOTATION); the caller frees. */
MUST_CHECK char *certs_pins(const char *bundle);

#endif
