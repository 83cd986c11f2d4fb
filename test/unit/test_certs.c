// Certificates: what is made, when it is due, how a CA hands over to the next, and the Secret there and back.
#include "serve/trust/certs.h"

#include <check.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

enum { NOW_S = 1800000000 };

static const char *const names[] = {"vmbridge-gateway.ns1.svc", "vmbridge-gateway", "localhost", NULL};
static const struct certs_policy policy = {.ca_s = 1000000, .leaf_s = 30000};

static X509 *
read_x509(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);

    BIO_free(bio);
    ck_assert_ptr_nonnull(x);
    return x;
}

/* Whether a client that trusts 'bundle' takes 'leaf' as 'name' at that time. */
static bool
is_trusted(const char *bundle, const char *leaf, const char *name, int64_t now_s)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    BIO *bio = BIO_new_mem_buf(bundle, -1);
    X509 *x = read_x509(leaf);
    bool ok;

    for (X509 *ca = PEM_read_bio_X509(bio, NULL, NULL, NULL); ca; ca = PEM_read_bio_X509(bio, NULL, NULL, NULL)) {
        X509_STORE_add_cert(store, ca);
        X509_free(ca);
    }
    X509_STORE_CTX_init(ctx, store, x, NULL);
    X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set1_host(X509_STORE_CTX_get0_param(ctx), name, 0);
    X509_STORE_CTX_set_time(ctx, 0, (time_t)now_s);
    ok = X509_verify_cert(ctx) == 1;
    X509_free(x);
    BIO_free(bio);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return ok;
}

static size_t
count_certificates(const char *bundle)
{
    size_t n = 0;

    for (const char *p = strstr(bundle, "BEGIN CERT"); p; p = strstr(p + 1, "BEGIN CERT")) {
        n++;
    }
    return n;
}

/* The set after a renewal at that time; 'old' is taken, and comes back when nothing was due. */
static struct certs_set *
renewed(struct certs_set *old, int64_t now_s, bool *ret_changed)
{
    struct certs_set *new = NULL;

    ck_assert_ptr_null(certs_renew(old, names, &policy, now_s, &new));
    *ret_changed = new != NULL;
    if (!new) {
        return old;
    }
    certs_set_free(old);
    return new;
}

START_TEST(what_a_leaf_is_good_for)
{
    struct certs_pair ca, other, leaf;

    ck_assert_ptr_null(certs_make_ca(NOW_S, 1000, &ca));
    ck_assert_ptr_null(certs_make_ca(NOW_S, 1000, &other));
    ck_assert_ptr_null(certs_make_leaf(&ca, names, NOW_S, 500, &leaf));
    for (size_t i = 0; names[i]; i++) {
        ck_assert(is_trusted(ca.crt_pem, leaf.crt_pem, names[i], NOW_S + 1));
    }
    ck_assert(!is_trusted(ca.crt_pem, leaf.crt_pem, "example.org", NOW_S + 1));
    ck_assert(!is_trusted(other.crt_pem, leaf.crt_pem, names[0], NOW_S + 1));
    ck_assert(!is_trusted(ca.crt_pem, leaf.crt_pem, names[0], NOW_S + 501));
    ck_assert(is_trusted(ca.crt_pem, leaf.crt_pem, names[0], NOW_S - 200)); /* a client whose clock is late */
    ck_assert(!is_trusted(ca.crt_pem, ca.crt_pem, names[0], NOW_S + 1));
    ck_assert_int_eq(certs_not_after(leaf.crt_pem), NOW_S + 500);
    certs_pair_fini(&ca);
    certs_pair_fini(&other);
    certs_pair_fini(&leaf);
}
END_TEST

START_TEST(a_leaf_never_outlives_its_ca)
{
    struct certs_pair ca, leaf;

    ck_assert_ptr_null(certs_make_ca(NOW_S, 1000, &ca));
    ck_assert_ptr_null(certs_make_leaf(&ca, names, NOW_S, 5000, &leaf));
    ck_assert_int_eq(certs_not_after(leaf.crt_pem), NOW_S + 1000);
    certs_pair_fini(&ca);
    certs_pair_fini(&leaf);
}
END_TEST

START_TEST(a_ca_that_is_none)
{
    struct certs_pair a, b, mixed, leaf;
    struct err *e;

    ck_assert_ptr_null(certs_make_ca(NOW_S, 1000, &a));
    ck_assert_ptr_null(certs_make_ca(NOW_S, 1000, &b));
    mixed = (struct certs_pair){.crt_pem = a.crt_pem, .key_pem = b.key_pem};
    e = certs_make_leaf(&mixed, names, NOW_S, 500, &leaf);
    ck_assert_int_eq(err_class(e), ERR_INVALID);
    err_free(e);
    certs_pair_fini(&a);
    certs_pair_fini(&b);
}
END_TEST

START_TEST(when_it_is_due)
{
    struct certs_pair ca;

    ck_assert_ptr_null(certs_make_ca(NOW_S, 1000, &ca));
    ck_assert(!certs_due(ca.crt_pem, 80, NOW_S));
    ck_assert(!certs_due(ca.crt_pem, 80, NOW_S + 799));
    ck_assert(certs_due(ca.crt_pem, 80, NOW_S + 800));
    ck_assert(certs_due(ca.crt_pem, 80, NOW_S + 5000));
    ck_assert(certs_due("nonsense", 80, NOW_S));
    ck_assert(certs_due("", 80, NOW_S));
    ck_assert_int_eq(certs_not_after("nonsense"), 0);
    certs_pair_fini(&ca);
}
END_TEST

/* The whole life of a CA, a step a row: offset in seconds (the CA lives 1,000,000, a leaf 30,000). */
static const struct {
    const char *name;
    int64_t at_s;
    bool want_changed;
    size_t want_cas;
    bool old_signs;
} life[] = {
    {"young", 10, false, 1, true},
    {"the leaf is at its end", 20000, true, 1, true},
    {"nothing more to do", 20001, false, 1, true},
    {"the leaf again, the CA is still young", 799000, true, 1, true},
    {"the next CA joins", 800000, true, 2, true},
    {"and waits", 800001, false, 2, true},
    {"the next CA signs", 900000, true, 2, false},
    {"and goes on", 900001, false, 2, false},
    {"the old one has expired", 1000001, true, 1, false},
};

START_TEST(a_ca_hands_over)
{
    bool changed = false;
    struct certs_set *s = renewed(NULL, NOW_S, &changed);
    char *first_ca = xstrdup(s->ca_pem);

    ck_assert(changed);
    for (size_t i = 0; i < ARRAY_LEN(life); i++) {
        int64_t now_s = NOW_S + life[i].at_s;
        AUTO(freep) char *bundle_before = xstrdup(s->ca_pem);

        s = renewed(s, now_s, &changed);
        ck_assert_msg(changed == life[i].want_changed, "%s", life[i].name);
        ck_assert_msg(count_certificates(s->ca_pem) == life[i].want_cas, "%s", life[i].name);
        ck_assert_msg(is_trusted(s->ca_pem, s->leaf.crt_pem, names[0], now_s), "%s", life[i].name);
        ck_assert_msg(is_trusted(first_ca, s->leaf.crt_pem, names[0], now_s) == life[i].old_signs, "%s", life[i].name);
        /* who has only heard of the bundle as it was before can still connect */
        ck_assert_msg(is_trusted(bundle_before, s->leaf.crt_pem, names[0], now_s), "%s: launchers are cut off",
                      life[i].name);
    }
    free(first_ca);
    certs_set_free(s);
}
END_TEST

/* What openssl x509 -outform DER | openssl dgst -sha256 -binary | base64 says of a certificate. */
START_TEST(pins_name_each_ca)
{
    struct certs_pair a, b;
    unsigned char digest[EVP_MAX_MD_SIZE];
    char coded[100];
    unsigned len = 0;

    ck_assert_ptr_null(certs_make_ca(NOW_S, 1000, &a));
    ck_assert_ptr_null(certs_make_ca(NOW_S, 1000, &b));
    AUTO(freep) char *bundle = xasprintf("%s%s", a.crt_pem, b.crt_pem);
    AUTO(freep) char *one = certs_pins(a.crt_pem);
    AUTO(freep) char *other = certs_pins(b.crt_pem);
    AUTO(freep) char *both = certs_pins(bundle);
    AUTO(freep) char *want_both = xasprintf("%s %s", one, other);
    X509 *x = read_x509(a.crt_pem);
    unsigned char *der = NULL;
    int der_len = i2d_X509(x, &der);
    ck_assert_int_eq(EVP_Digest(der, (size_t)der_len, digest, &len, EVP_sha256(), NULL), 1);
    (void)EVP_EncodeBlock((unsigned char *)coded, digest, (int)len);
    AUTO(freep) char *want = xasprintf("sha256:%s", coded);
    ck_assert_str_eq(one, want);
    ck_assert_str_ne(one, other);
    ck_assert_str_eq(both, want_both);
    OPENSSL_free(der);
    X509_free(x);
    certs_pair_fini(&a);
    certs_pair_fini(&b);
}
END_TEST

/* At each step of a CA's life the server shows two certificates, the second of which signed the first and is in the bundle. */
START_TEST(the_chain_ends_in_the_ca_that_signed)
{
    static const int64_t steps_s[] = {0, 799000, 800000, 899000, 900000, 950000, 1000001};
    struct certs_set *s = NULL;
    bool is_changed;

    ck_assert_ptr_null(certs_renew(NULL, names, &policy, NOW_S, &s));
    for (size_t i = 0; i < ARRAY_LEN(steps_s); i++) {
        s = renewed(s, NOW_S + steps_s[i], &is_changed);
        AUTO(freep) char *chain = certs_chain(s);
        const char *ca = strstr(chain + 1, "-----BEGIN");
        ck_assert_uint_eq(count_certificates(chain), 2);
        ck_assert(is_trusted(ca, s->leaf.crt_pem, names[0], NOW_S + steps_s[i] + 1));
        ck_assert_ptr_nonnull(strstr(s->ca_pem, ca));
    }
    /* Somebody turned the bundle round: the leaf is still the first CA's. */
    struct certs_pair other;
    ck_assert_ptr_null(certs_make_ca(NOW_S, 1000, &other));
    char *first = s->ca_pem;
    s->ca_pem = xasprintf("%s%s", other.crt_pem, first);
    AUTO(freep) char *chain = certs_chain(s);
    ck_assert(is_trusted(strstr(chain + 1, "-----BEGIN"), s->leaf.crt_pem, names[0], NOW_S + 1000002));
    free(first);
    certs_pair_fini(&other);
    certs_set_free(s);
}
END_TEST

START_TEST(new_names_make_a_new_leaf)
{
    static const char *const more[] = {"vmbridge-gateway.ns1.svc", "other.example", NULL};
    bool changed = false;
    struct certs_set *s = renewed(NULL, NOW_S, &changed);
    struct certs_set *new = NULL;

    ck_assert_ptr_null(certs_renew(s, more, &policy, NOW_S, &new));
    ck_assert_ptr_nonnull(new);
    ck_assert_str_eq(new->ca_pem, s->ca_pem);
    ck_assert(is_trusted(s->ca_pem, new->leaf.crt_pem, "other.example", NOW_S));
    certs_set_free(new);
    certs_set_free(s);
}
END_TEST

/* The Secret as the API server returns it: data in base64. */
static json_t *
as_stored(const struct certs_set *s)
{
    json_t *secret = certs_to_secret(s, "ns1", "7");
    json_t *data = json_object();
    json_t *value;
    const char *key;

    json_object_foreach(json_object_get(secret, "stringData"), key, value) {
        size_t len = json_string_length(value);
        AUTO(freep) char *coded = xcalloc(1, len / 3 * 4 + 8);

        EVP_EncodeBlock((unsigned char *)coded, (const unsigned char *)json_string_value(value), (int)len);
        json_object_set_new(data, key, json_string(coded));
    }
    json_object_set_new(secret, "data", data);
    return secret;
}

START_TEST(secret_there_and_back)
{
    bool changed = false;
    struct certs_set *s = renewed(NULL, NOW_S, &changed);
    struct certs_set *back = NULL;
    json_t *secret;

    s = renewed(s, NOW_S + 850000, &changed); /* with a next CA, so that all keys are there */
    ck_assert_ptr_nonnull(s->next_key);
    secret = as_stored(s);
    ck_assert_str_eq(json_str(json_object_get(secret, "metadata"), "resourceVersion"), "7");
    ck_assert_ptr_null(certs_from_secret(secret, &back));
    ck_assert_str_eq(back->leaf.crt_pem, s->leaf.crt_pem);
    ck_assert_str_eq(back->leaf.key_pem, s->leaf.key_pem);
    ck_assert_str_eq(back->ca_pem, s->ca_pem);
    ck_assert_str_eq(back->ca_key, s->ca_key);
    ck_assert_str_eq(back->next_key, s->next_key);
    json_decref(secret);
    certs_set_free(back);
    certs_set_free(s);
}
END_TEST

static const struct {
    const char *key, *value, *words; /* value NULL: missing */
} damage_rows[] = {
    {"tls.crt", NULL, "tls.crt"},
    {"tls.key", NULL, "tls.key"},
    {"ca.crt", NULL, "ca.crt"},
    {"ca.key", NULL, "ca.key"},
    {"tls.crt", "!!!!", "tls.crt"},
    {"ca.crt", "abc", "ca.crt"},
    {"ca.crt", "bm9uc2Vuc2U=", "ca.crt"},
    {"ca.key", "bm9uc2Vuc2U=", "ca.key"},
    {"tls.key", "bm9uc2Vuc2U=", "tls.key"},
    {"ca-next.key", "bm9uc2Vuc2U=", "ca-next.key"},
};

START_TEST(a_damaged_secret_is_named)
{
    bool changed = false;
    struct certs_set *s = renewed(NULL, NOW_S, &changed);
    struct certs_set *back = NULL;
    json_t *secret = as_stored(s);
    json_t *data = json_object_get(secret, "data");
    struct err *e;

    json_object_del(data, damage_rows[_i].key);
    if (damage_rows[_i].value) {
        json_object_set_new(data, damage_rows[_i].key, json_string(damage_rows[_i].value));
    }
    e = certs_from_secret(secret, &back);
    ck_assert_msg(e && !back, "%s: accepted", damage_rows[_i].key);
    ck_assert_int_eq(err_class(e), ERR_INVALID);
    ck_assert_msg(strstr(err_text(e), damage_rows[_i].words), "%s: %s", damage_rows[_i].key, err_text(e));
    err_free(e);
    json_decref(secret);
    certs_set_free(s);
}
END_TEST

static const char *const secret_keys[] = {"tls.crt", "tls.key", "ca.crt", "ca.key", "ca-next.key"};

/* OpenSSL skips what stands around a block; the Secret's next version is JSON, which has no place for such bytes. */
START_TEST(bytes_around_pem_are_refused)
{
    bool changed = false;
    struct certs_set *s = renewed(renewed(NULL, NOW_S, &changed), NOW_S + 850000, &changed);
    struct certs_set *back = NULL;
    json_t *secret = as_stored(s);
    json_t *data = json_object_get(secret, "data");
    const char *key = secret_keys[_i];
    AUTO(freep) char *coded = xasprintf("//8K%s", json_str(data, key)); /* ff ff 0a */
    struct err *e;

    json_object_set_new(data, key, json_string(coded));
    e = certs_from_secret(secret, &back);
    ck_assert_msg(e && !back && strstr(err_text(e), key), "%s: %s", key, e ? err_text(e) : "accepted");
    err_free(e);
    json_decref(secret);
    certs_set_free(s);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("certs");
    TCase *t = tcase_create("certs");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_test(t, what_a_leaf_is_good_for);
    tcase_add_test(t, a_leaf_never_outlives_its_ca);
    tcase_add_test(t, a_ca_that_is_none);
    tcase_add_test(t, when_it_is_due);
    tcase_add_test(t, a_ca_hands_over);
    tcase_add_test(t, pins_name_each_ca);
    tcase_add_test(t, the_chain_ends_in_the_ca_that_signed);
    tcase_add_test(t, new_names_make_a_new_leaf);
    tcase_add_test(t, secret_there_and_back);
    tcase_add_loop_test(t, a_damaged_secret_is_named, 0, (int)ARRAY_LEN(damage_rows));
    tcase_add_loop_test(t, bytes_around_pem_are_refused, 0, (int)ARRAY_LEN(secret_keys));
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
