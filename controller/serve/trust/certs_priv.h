// What the files of certs share: looking into PEM texts. Not for other folders.
#ifndef VMB_CERTS_PRIV_H
#define VMB_CERTS_PRIV_H

#include "serve/trust/certs.h"

/* Whether the first certificate of 'ca_pem' signed the first of 'crt_pem'. */
bool certs_belongs(const char *ca_pem, const char *crt_pem);
/* Whether a certificate is valid for all of 'names' (ends in NULL). */
bool certs_has_names(const char *crt_pem, const char *const *names);
/* Whether certificate and key are a pair. */
bool certs_pair_fits(const char *crt_pem, const char *key_pem);
/* Certificate number 'index' of a bundle as its own text, or NULL. The caller frees. */
MUST_CHECK char *certs_bundle_at(const char *bundle, size_t index);

/* Whether the parts of a set belong together. Errors: ERR_INVALID names the key of the Secret that is at fault. */
MUST_CHECK struct err *certs_check(const struct certs_set *s);
MUST_CHECK struct certs_set *certs_set_copy(const struct certs_set *s);
bool certs_set_equal(const struct certs_set *a, const struct certs_set *b);

#endif
