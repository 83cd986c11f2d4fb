// Keys and certificates by OpenSSL, and when they are due. Pure but for OpenSSL's randomness: no clock, no network.
#include "serve/trust/certs_make.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum { SERIAL_BITS = 127, BACKDATE_S = 300, NAMES_MAX_BYTES = 2048 };

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
bio_freep(BIO **b)
{
    BIO_free(*b);
}

MUST_CHECK static struct err *
openssl_error(enum err_class class, const char *what)
{
    char text[160] = "no reason given";
    unsigned long code = ERR_peek_last_error();

    if (code) {
        ERR_error_string_n(code, text, sizeof(text));
    }
    ERR_clear_error();
    return err_new(class, "%s: %s", what, text);
}

static char *
bio_text(BIO *bio)
{
    char *data = NULL;
    long len = BIO_get_mem_data(bio, &data);

    return xstrndup(data, (size_t)len);
}

/* OpenSSL asks the terminal unless somebody else answers. */
static int
no_passphrase(char *buf, int size, int is_for_writing, void *arg)
{
    (void)buf; /* nothing is put there */
    (void)size;
    (void)is_for_writing;
    (void)arg;
    return -1;
}

static X509 *
read_x509(const char *pem)
{
    AUTO(bio_freep) BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *x = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL);

    ERR_clear_error();
    return x;
}

static EVP_PKEY *
read_key(const char *pem)
{
    AUTO(bio_freep) BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *k = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);

    ERR_clear_error();
    return k;
}

static bool
set_random_serial(X509 *x)
{
    BIGNUM *n = BN_new();
    bool ok = n && BN_rand(n, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
              BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x));

    BN_free(n);
    return ok;
}

static bool
add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *ext;
    bool ok;

    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    ok = ext && X509_add_ext(x, ext, -1) == 1;
    X509_EXTENSION_free(ext);
    return ok;
}

/* Version 3, a random serial number, a life that began a little ago (clocks differ), subject and key. */
static X509 *
new_x509(const char *common_name, EVP_PKEY *key, int64_t now_s, int64_t end_s)
{
    AUTO(x509_freep) X509 *x = X509_new();
    X509_NAME *name;

    if (!x || X509_set_version(x, X509_VERSION_3) != 1 || !set_random_serial(x) ||
        !ASN1_TIME_set(X509_getm_notBefore(x), (time_t)(now_s - BACKDATE_S)) ||
        !ASN1_TIME_set(X509_getm_notAfter(x), (time_t)end_s) || X509_set_pubkey(x, key) != 1) {
        return NULL;
    }
    name = X509_get_subject_name(x);
    if (X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1, -1, 0) != 1) {
        return NULL;
    }
    return STEAL(x);
}

MUST_CHECK static struct err *
to_pem(X509 *x, EVP_PKEY *key, struct certs_pair *ret)
{
    AUTO(bio_freep) BIO *crt = BIO_new(BIO_s_mem());
    AUTO(bio_freep) BIO *priv = BIO_new(BIO_s_secmem());

    if (PEM_write_bio_X509(crt, x) != 1 || PEM_write_bio_PrivateKey(priv, key, NULL, NULL, 0, NULL, NULL) != 1) {
        return openssl_error(ERR_FATAL, "write certificate");
    }
    ret->crt_pem = bio_text(crt);
    ret->key_pem = bio_text(priv);
    return NULL;
}

struct err *
certs_make_ca(int64_t now_s, int64_t lifetime_s, struct certs_pair *ret_ca)
{
    AUTO(pkey_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
    AUTO(x509_freep) X509 *x = NULL;
    char name[64];

    /* The time tells an old CA from a new one in `openssl verify` messages. */
    snprintf(name, sizeof(name), "vmbridge-ca-%lld", (long long)now_s);
    x = key ? new_x509(name, key, now_s, now_s + lifetime_s) : NULL;
    if (!x || X509_set_issuer_name(x, X509_get_subject_name(x)) != 1 ||
        !add_extension(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
        !add_extension(x, x, NID_key_usage, "critical,keyCertSign,cRLSign") ||
        !add_extension(x, x, NID_subject_key_identifier, "hash") || X509_sign(x, key, EVP_sha256()) == 0) {
        return openssl_error(ERR_FATAL, "make CA certificate");
    }
    return to_pem(x, key, ret_ca);
}

static bool
add_names(X509 *x, X509 *ca, const char *const *names)
{
    AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(NAMES_MAX_BYTES);

    for (size_t i = 0; names[i]; i++) {
        strbuf_addf(&text, "%sDNS:%s", i ? "," : "", names[i]);
    }
    return !text.over && add_extension(x, ca, NID_subject_alt_name, strbuf_str(&text));
}

struct err *
certs_make_leaf(const struct certs_pair *ca, const char *const *names, int64_t now_s, int64_t lifetime_s,
                struct certs_pair *ret_leaf)
{
    AUTO(x509_freep) X509 *ca_crt = read_x509(ca->crt_pem);
    AUTO(pkey_freep) EVP_PKEY *ca_key = read_key(ca->key_pem);
    AUTO(pkey_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
    AUTO(x509_freep) X509 *x = NULL;
    int64_t end_s = now_s + lifetime_s;

    if (!ca_crt || !ca_key || X509_check_private_key(ca_crt, ca_key) != 1) {
        return openssl_error(ERR_INVALID, "the CA's certificate and key cannot be used");
    }
    if (end_s > certs_not_after(ca->crt_pem)) {
        end_s = certs_not_after(ca->crt_pem);
    }
    x = key ? new_x509(names[0], key, now_s, end_s) : NULL;
    if (!x || X509_set_issuer_name(x, X509_get_subject_name(ca_crt)) != 1 ||
        !add_extension(x, ca_crt, NID_basic_constraints, "critical,CA:FALSE") ||
        !add_extension(x, ca_crt, NID_key_usage, "critical,digitalSignature") ||
        !add_extension(x, ca_crt, NID_ext_key_usage, "serverAuth") ||
        !add_extension(x, ca_crt, NID_authority_key_identifier, "keyid:always") || !add_names(x, ca_crt, names) ||
        X509_sign(x, ca_key, EVP_sha256()) == 0) {
        return openssl_error(ERR_FATAL, "make server certificate");
    }
    return to_pem(x, key, ret_leaf);
}

static bool
time_s(const ASN1_TIME *t, int64_t *ret_s)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(t, &tm) != 1) {
        return false;
    }
    *ret_s = (int64_t)timegm(&tm);
    return true;
}

bool
certs_due(const char *crt_pem, unsigned percent, int64_t now_s)
{
    AUTO(x509_freep) X509 *x = read_x509(crt_pem);
    int64_t from_s = 0, to_s = 0;

    if (!x || !time_s(X509_get0_notBefore(x), &from_s) || !time_s(X509_get0_notAfter(x), &to_s)) {
        return true;
    }
    from_s += BACKDATE_S;
    return now_s >= from_s + (to_s - from_s) * (int64_t)percent / 100;
}

int64_t
certs_not_after(const char *crt_pem)
{
    AUTO(x509_freep) X509 *x = read_x509(crt_pem);
    int64_t to_s = 0;

    if (!x || !time_s(X509_get0_notAfter(x), &to_s)) {
        return 0;
    }
    return to_s;
}

bool
certs_belongs(const char *ca_pem, const char *crt_pem)
{
    AUTO(x509_freep) X509 *ca = read_x509(ca_pem);
    AUTO(x509_freep) X509 *x = read_x509(crt_pem);
    bool ok = ca && x && X509_verify(x, X509_get0_pubkey(ca)) == 1;

    ERR_clear_error();
    return ok;
}

bool
certs_has_names(const char *crt_pem, const char *const *names)
{
    AUTO(x509_freep) X509 *x = read_x509(crt_pem);
    bool ok = x != NULL;

    for (size_t i = 0; ok && names[i]; i++) {
        ok = X509_check_host(x, names[i], 0, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS, NULL) == 1;
    }
    return ok;
}

bool
certs_pair_fits(const char *crt_pem, const char *key_pem)
{
    AUTO(x509_freep) X509 *x = read_x509(crt_pem);
    AUTO(pkey_freep) EVP_PKEY *k = read_key(key_pem);
    bool ok = x && k && X509_check_private_key(x, k) == 1;

    ERR_clear_error();
    return ok;
}

char *
certs_pins(const char *bundle)
{
    AUTO(bio_freep) BIO *in = BIO_new_mem_buf(bundle, -1);
    char *pins = xstrdup("");

    for (;;) {
        AUTO(x509_freep) X509 *x = PEM_read_bio_X509(in, NULL, no_passphrase, NULL);
        unsigned char digest[EVP_MAX_MD_SIZE];
        char coded[EVP_MAX_MD_SIZE * 2];
        unsigned len = 0;

        if (!x || X509_digest(x, EVP_sha256(), digest, &len) != 1) {
            ERR_clear_error(); /* the end of the text is an error to OpenSSL */
            return pins;
        }
        AUTO(freep) char *before = pins;
        (void)EVP_EncodeBlock((unsigned char *)coded, digest, (int)len); /* as long as its arguments say */
        pins = xasprintf("%s%ssha256:%s", before, before[0] ? " " : "", coded);
    }
}

/* Cuts a bundle: text of certificate number 'index', or NULL. The caller frees. */
char *
certs_bundle_at(const char *bundle, size_t index)
{
    AUTO(bio_freep) BIO *in = BIO_new_mem_buf(bundle, -1);
    AUTO(bio_freep) BIO *out = BIO_new(BIO_s_mem());

    for (size_t i = 0;; i++) {
        AUTO(x509_freep) X509 *x = PEM_read_bio_X509(in, NULL, no_passphrase, NULL);

        if (!x) {
            ERR_clear_error();
            return NULL;
        }
        if (i == index) {
            return PEM_write_bio_X509(out, x) == 1 ? bio_text(out) : NULL;
        }
    }
}
