// The TLS side of the server: what is offered, and the certificate that new connections see.
#ifndef VMB_SERVER_TLS_H
#define VMB_SERVER_TLS_H

#include <openssl/ssl.h>

#include "base/err.h"

/* Old protocols, session cache and tickets off; small buffers. */
void server_tls_setup(SSL_CTX *ctx);
/* Errors: ERR_INVALID, and 'ctx' is as it was. */
MUST_CHECK struct err *server_tls_use(SSL_CTX *ctx, const char *crt_pem, const char *key_pem);
/* Whether server_tls_use would take them. */
MUST_CHECK struct err *server_tls_check(const char *crt_pem, const char *key_pem);

#endif
