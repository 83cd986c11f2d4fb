// The TLS side of the server: what is offered, and the certificate that new connections see. Opens no sockets.
#include "serve/http/server_tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>

static void
bio_freep(BIO **b)
{
    BIO_free(*b);
}

static void
x509_freep(X509 **x)
{
    X509_free(*x);
}

static void
pkey_freep(EVP_PKEY **k)
{
    EVP_PKEY_free(*k);
}

static void
chain_free(STACK_OF(X509) * chain)
{
    sk_X509_pop_free(chain, X509_free);
}

static void
chain_freep(STACK_OF(X509) * *chain)
{
    chain_free(*chain);
}

void
server_tls_setup(SSL_CTX *ctx)
{
    char groups[] = "X25519:P-256:P-384"; /* OpenSSL's macro casts const away */

    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    /* A launcher connects for days: resumption buys nothing and would cost memory per connection. */
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_num_tickets(ctx, 0);
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    /* libwebsockets allows P-256 alone. A launcher's first offer is X25519: taken, it spares a round trip, and 4 KiB of a connection,
     * since OpenSSL keeps the key of the handshake, and with P-256 a copy of the curve's parameters in it. */
    BUG_ON(SSL_CTX_set1_groups_list(ctx, groups) != 1);
}

/* The last words of OpenSSL's queue, which is emptied. */
static const char *
openssl_text(char *buf, size_t size)
{
    unsigned long code = ERR_peek_last_error();

    if (code) {
        ERR_error_string_n(code, buf, size);
    } else {
        snprintf(buf, size, "no certificate found");
    }
    ERR_clear_error();
    return buf;
}

MUST_CHECK static struct err *
read_chain(const char *pem, X509 **ret_leaf, STACK_OF(X509) * *ret_chain)
{
    AUTO(bio_freep) BIO *bio = BIO_new_mem_buf(pem, -1);
    AUTO(x509_freep) X509 *leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    AUTO(chain_freep) STACK_OF(X509) *chain = sk_X509_new_null();
    char text[160];

    if (!leaf) {
        return err_new(ERR_INVALID, "server certificate: %s", openssl_text(text, sizeof(text)));
    }
    for (;;) {
        X509 *next = PEM_read_bio_X509(bio, NULL, NULL, NULL);

        if (!next) {
            break;
        }
        sk_X509_push(chain, next);
    }
    ERR_clear_error(); /* the end of the text is an error to OpenSSL */
    *ret_leaf = STEAL(leaf);
    *ret_chain = STEAL(chain);
    return NULL;
}

struct err *
server_tls_use(SSL_CTX *ctx, const char *crt_pem, const char *key_pem)
{
    AUTO(x509_freep) X509 *leaf = NULL;
    AUTO(chain_freep) STACK_OF(X509) *chain = NULL;
    AUTO(bio_freep) BIO *bio = BIO_new_mem_buf(key_pem, -1);
    AUTO(pkey_freep) EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    char text[160];
    struct err *e = read_chain(crt_pem, &leaf, &chain);

    if (e) {
        return e;
    }
    if (!key) {
        return err_new(ERR_INVALID, "server key: %s", openssl_text(text, sizeof(text)));
    }
    if (X509_check_private_key(leaf, key) != 1) {
        ERR_clear_error();
        return err_new(ERR_INVALID, "server certificate and key do not belong together");
    }
    /* All at once: a handshake in progress has its own copy and sees the old pair or the new one, never a mix. */
    if (SSL_CTX_use_cert_and_key(ctx, leaf, key, chain, 1) != 1) {
        return err_new(ERR_INVALID, "server certificate: %s", openssl_text(text, sizeof(text)));
    }
    return NULL;
}

static void
ssl_ctx_freep(SSL_CTX **ctx)
{
    SSL_CTX_free(*ctx);
}

struct err *
server_tls_check(const char *crt_pem, const char *key_pem)
{
    AUTO(ssl_ctx_freep) SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    return server_tls_use(ctx, crt_pem, key_pem);
}
