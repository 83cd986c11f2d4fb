// OpenSSL's side of the line.
#include "report/gateway_tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

enum { CERTIFICATES_MAX = 16 };

struct err *
gateway_tls_new(SSL_CTX **ret_tls)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

    if (!tls || SSL_CTX_set_min_proto_version(tls, TLS1_2_VERSION) != 1) {
        SSL_CTX_free(tls);
        return err_new(ERR_FATAL, "OpenSSL cannot be set up");
    }
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(tls, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(tls, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(tls, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    *ret_tls = tls;
    return NULL;
}

static unsigned
add_certificates(X509_STORE *store, FILE *f)
{
    unsigned n = 0;

    for (X509 *crt = PEM_read_X509(f, NULL, NULL, NULL); crt; crt = PEM_read_X509(f, NULL, NULL, NULL)) {
        n += X509_STORE_add_cert(store, crt) == 1;
        X509_free(crt);
        if (n == CERTIFICATES_MAX) {
            break;
        }
    }
    ERR_clear_error(); /* the end of the file is one */
    return n;
}

struct err *
gateway_tls_trust(SSL_CTX *tls, const char *ca_path)
{
    AUTO(fclosep) FILE *f = fopen(ca_path, "re");

    if (!f) {
        return err_errno(errno, "open %s", ca_path);
    }
    X509_STORE *store = X509_STORE_new();
    if (!store || add_certificates(store, f) == 0) {
        X509_STORE_free(store);
        return err_new(ERR_RETRY, "%s holds no certificate", ca_path);
    }
    SSL_CTX_set_cert_store(tls, store); /* takes it */
    return NULL;
}

struct err *
gateway_token_read(const char *path, struct strbuf *token)
{
    AUTO(fclosep) FILE *f = fopen(path, "re");
    char block[512];

    strbuf_reset(token);
    if (!f) {
        return err_errno(errno, "open %s", path);
    }
    for (size_t n = fread(block, 1, sizeof(block), f); n > 0; n = fread(block, 1, sizeof(block), f)) {
        if (!strbuf_add(token, block, n)) {
            return err_new(ERR_RETRY, "%s is too long", path);
        }
    }
    while (token->len > 0 && (token->buf[token->len - 1] == '\n' || token->buf[token->len - 1] == ' ')) {
        token->buf[--token->len] = '\0';
    }
    return token->len > 0 ? NULL : err_new(ERR_RETRY, "%s is empty", path);
}
