// Trust in the gateway, and the proof of who we are: two files of the pod that change while it runs.
#ifndef VMB_GATEWAY_TLS_H
#define VMB_GATEWAY_TLS_H

#include <openssl/sha.h>
#include <openssl/ssl.h>

#include "base/err.h"
#include "base/strbuf.h"

enum { GATEWAY_PINS_MAX = 16 };

/* SHA-256 of the DER of each CA certificate that is trusted. */
struct gateway_pins {
    unsigned char digests[GATEWAY_PINS_MAX][SHA256_DIGEST_LENGTH];
    size_t n;
};

/* A client's context: TLS 1.3 only, since both ends are ours and the gateway remembers all that is offered; the peer must prove itself.
 * It trusts nobody yet. Errors: ERR_FATAL. */
MUST_CHECK struct err *gateway_tls_new(SSL_CTX **ret_tls);

/* From now on the peer must show, behind its own certificate, a CA that is pinned and vouches for it. Dates, purpose and name are
 * checked as ever, with that CA as the only trust anchor.
 * pins  borrowed for the context's life; what it holds counts when a handshake comes to the certificate */
void gateway_tls_pin(SSL_CTX *tls, const struct gateway_pins *pins);

/* For a client that has the CAs themselves: from now on it trusts the certificates in this PEM file alone. Errors: ERR_RETRY. */
MUST_CHECK struct err *gateway_tls_trust(SSL_CTX *tls, const char *ca_path);

/* Reads the file of pins: words "sha256:" and base64; those of another digest are passed over. Errors: ERR_RETRY. */
MUST_CHECK struct err *gateway_pins_read(const char *path, struct gateway_pins *ret_pins);

/* The same from its text. Errors: ERR_RETRY. */
MUST_CHECK struct err *gateway_pins_parse(const char *text, struct gateway_pins *ret_pins);

/* Reads the token of the pod's service account into 'token' (emptied first). Errors: ERR_RETRY. */
MUST_CHECK struct err *gateway_token_read(const char *path, struct strbuf *token);

#endif
