// OpenSSL's side of the line.
#include "report/gateway_tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum { CERTIFICATES_MAX = 16, PINS_FILE_MAX = 4096, PIN_CODED_LEN = (SHA256_DIGEST_LENGTH + 2) / 3 * 4 };

static void
chain_freep(STACK_OF(X509) * *chain)
{
    sk_X509_free(*chain); /* the certificates are the handshake's */
}

static bool
is_pinned(const struct gateway_pins *pins, X509 *crt)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (X509_digest(crt, EVP_sha256(), digest, &len) != 1 || len != SHA256_DIGEST_LENGTH) {
        return false;
    }
    for (size_t i = 0; i < pins->n; i++) {
        if (memcmp(pins->digests[i], digest, len) == 0) {
            return true;
        }
    }
    return false;
}

/* In place of OpenSSL's own check of the peer's certificates: that very check, but for the trust anchors, which are the pinned CAs among
 * what the peer has sent. X509_check_ca says 1 for a CA of X.509 version 3 alone. */
static int
verify_pinned(X509_STORE_CTX *ctx, void *arg)
{
    STACK_OF(X509) *sent = X509_STORE_CTX_get0_untrusted(ctx);
    AUTO(chain_freep) STACK_OF(X509) *anchors = sk_X509_new_null();

    for (int i = 0; anchors && i < sk_X509_num(sent); i++) {
        X509 *crt = sk_X509_value(sent, i);
        if (X509_check_ca(crt) == 1 && is_pinned(arg, crt) && sk_X509_push(anchors, crt) == 0) {
            break;
        }
    }
    if (!anchors) {
        X509_STORE_CTX_set_error(ctx, X509_V_ERR_OUT_OF_MEM);
        return 0;
    }
    X509_STORE_CTX_set0_trusted_stack(ctx, anchors);
    int rc = X509_verify_cert(ctx);
    X509_STORE_CTX_set0_trusted_stack(ctx, NULL); /* it outlives the stack */
    return rc;
}

struct err *
gateway_tls_new(SSL_CTX **ret_tls)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_client_method());

    if (!tls || SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) != 1) {
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

void
gateway_tls_pin(SSL_CTX *tls, const struct gateway_pins *pins)
{
    SSL_CTX_set_cert_verify_callback(tls, verify_pinned, (void *)(uintptr_t)pins);
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

/* False when 'word' is a pin that cannot be read. */
static bool
add_pin(struct gateway_pins *pins, const char *word, size_t len)
{
    static const char prefix[] = "sha256:";
    size_t prefix_len = sizeof(prefix) - 1;
    unsigned char digest[PIN_CODED_LEN / 4 * 3];

    if (len < prefix_len || strncmp(word, prefix, prefix_len) != 0 || pins->n == GATEWAY_PINS_MAX) {
        return true;
    }
    if (len != prefix_len + PIN_CODED_LEN ||
        EVP_DecodeBlock(digest, (const unsigned char *)word + prefix_len, PIN_CODED_LEN) != (int)sizeof(digest)) {
        return false;
    }
    memcpy(pins->digests[pins->n++], digest, SHA256_DIGEST_LENGTH);
    return true;
}

static struct err *
read_small(const char *path, struct strbuf *out)
{
    AUTO(fclosep) FILE *f = fopen(path, "re");
    char block[512];

    strbuf_reset(out);
    if (!f) {
        return err_errno(errno, "open %s", path);
    }
    for (size_t n = fread(block, 1, sizeof(block), f); n > 0; n = fread(block, 1, sizeof(block), f)) {
        if (!strbuf_add(out, block, n)) {
            return err_new(ERR_RETRY, "%s is too long", path);
        }
    }
    return NULL;
}

struct err *
gateway_pins_parse(const char *text, struct gateway_pins *ret_pins)
{
    struct gateway_pins pins = {0};

    for (const char *word = text; *word; word += strspn(word, " \n")) {
        size_t len = strcspn(word, " \n");
        if (!add_pin(&pins, word, len)) {
            return err_new(ERR_RETRY, "holds a digest that cannot be read");
        }
        word += len;
    }
    if (pins.n == 0) {
        return err_new(ERR_RETRY, "holds no digest of a CA");
    }
    *ret_pins = pins;
    return NULL;
}

struct err *
gateway_pins_read(const char *path, struct gateway_pins *ret_pins)
{
    AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(PINS_FILE_MAX);
    struct err *e = read_small(path, &text);

    return e ? e : err_wrap(gateway_pins_parse(strbuf_str(&text), ret_pins), "%s", path);
}

struct err *
gateway_token_read(const char *path, struct strbuf *token)
{
    struct err *e = read_small(path, token);

    if (e) {
        return e;
    }
    while (token->len > 0 && (token->buf[token->len - 1] == '\n' || token->buf[token->len - 1] == ' ')) {
        token->buf[--token->len] = '\0';
    }
    return token->len > 0 ? NULL : err_new(ERR_RETRY, "%s is empty", path);
}
