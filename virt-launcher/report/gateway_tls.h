// Trust in the gateway, and the proof of who we are: two files of the pod that change while it runs.
#ifndef VMB_GATEWAY_TLS_H
#define VMB_GATEWAY_TLS_H

#include <openssl/ssl.h>

#include "base/err.h"
#include "base/strbuf.h"

/* A client's context: TLS 1.2 or newer, the peer must prove itself. Errors: ERR_FATAL. */
MUST_CHECK struct err *gateway_tls_new(SSL_CTX **ret_tls);

/* From now on new connections trust the certificates in this PEM file alone. Errors: ERR_RETRY. */
MUST_CHECK struct err *gateway_tls_trust(SSL_CTX *tls, const char *ca_path);

/* Reads the token of the pod's service account into 'token' (emptied first). Errors: ERR_RETRY. */
MUST_CHECK struct err *gateway_token_read(const char *path, struct strbuf *token);

#endif
