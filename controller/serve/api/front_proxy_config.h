// What the API server says of its proxy, and who a request says that its user is. No I/O.
#ifndef VMB_FRONT_PROXY_CONFIG_H
#define VMB_FRONT_PROXY_CONFIG_H

#include <openssl/x509.h>

#include "api/walk/meta.h"
#include "serve/api/http_reader.h"

enum { FRONT_PROXY_NAMES_MAX = 32, FRONT_PROXY_PEM_MAX = 256 * 1024 };

struct front_proxy_config {
    struct arena *arena; /* of all below */
    const char *ca_pem;
    struct str_list allowed_names; /* none: any that the CA signed */
    struct str_list user_headers;  /* in small letters, as are the others */
    struct str_list group_headers;
    struct str_list extra_prefixes;
};

/* The ConfigMap. The caller owns what it gets. Errors: ERR_INVALID names the key that is missing or unreadable. */
MUST_CHECK struct err *front_proxy_config_read(const json_t *map, struct front_proxy_config **ret_config);
void front_proxy_config_free(struct front_proxy_config *c);
void front_proxy_config_freep(struct front_proxy_config **c);
bool front_proxy_config_equal(const struct front_proxy_config *a, const struct front_proxy_config *b);
/* Trusts its CAs. The caller owns the store. */
MUST_CHECK X509_STORE *front_proxy_config_store(const struct front_proxy_config *c);

/* Whether that one may speak for others. */
bool front_proxy_may_speak(const struct front_proxy_config *c, const char *peer);

/* Who asks, as a SubjectAccessReview has it: {"user":,"groups":[],"extra":{}}. NULL: the request names nobody. The caller owns it. */
MUST_CHECK json_t *front_proxy_user(const struct front_proxy_config *c, const struct http_request *q);

#endif
