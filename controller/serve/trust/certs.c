// What the certificates should be now, and their form in a Secret. Pure: the keeper (certs_keeper.c) does the talking.
#include "serve/trust/certs.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

enum { CA_NEXT_PERCENT = 80, CA_SWITCH_PERCENT = 90, LEAF_PERCENT = 66 };

const struct certs_policy certs_default_policy = {.ca_s = 10LL * 365 * CERTS_DAY_S, .leaf_s = 90LL * CERTS_DAY_S};

static void
secret_free(char *key_pem)
{
    if (key_pem) {
        OPENSSL_cleanse(key_pem, strlen(key_pem));
    }
    free(key_pem);
}

void
certs_pair_fini(struct certs_pair *p)
{
    free(p->crt_pem);
    secret_free(p->key_pem);
    *p = (struct certs_pair){0};
}

void
certs_set_free(struct certs_set *s)
{
    if (s) {
        certs_pair_fini(&s->leaf);
        free(s->ca_pem);
        secret_free(s->ca_key);
        secret_free(s->next_key);
        free(s);
    }
}

void
certs_set_freep(struct certs_set **s)
{
    certs_set_free(*s);
}

static char *
dup_or_null(const char *s)
{
    return s ? xstrdup(s) : NULL;
}

struct certs_set *
certs_set_copy(const struct certs_set *s)
{
    struct certs_set *copy = XNEW(struct certs_set);

    copy->leaf.crt_pem = xstrdup(s->leaf.crt_pem);
    copy->leaf.key_pem = xstrdup(s->leaf.key_pem);
    copy->ca_pem = xstrdup(s->ca_pem);
    copy->ca_key = xstrdup(s->ca_key);
    copy->next_key = dup_or_null(s->next_key);
    return copy;
}

struct err *
certs_check(const struct certs_set *s)
{
    AUTO(freep) char *next = NULL;

    if (certs_not_after(s->ca_pem) == 0) {
        return err_new(ERR_INVALID, "ca.crt holds no certificate");
    }
    if (!certs_pair_fits(s->ca_pem, s->ca_key)) {
        return err_new(ERR_INVALID, "ca.key does not belong to the first certificate of ca.crt");
    }
    if (!certs_pair_fits(s->leaf.crt_pem, s->leaf.key_pem)) {
        return err_new(ERR_INVALID, "tls.crt and tls.key do not belong together");
    }
    next = certs_bundle_at(s->ca_pem, 1);
    if (s->next_key && (!next || !certs_pair_fits(next, s->next_key))) {
        return err_new(ERR_INVALID, "ca-next.key does not belong to the second certificate of ca.crt");
    }
    return NULL;
}

/* Adds the CA that will sign later: launchers shall know it long before. */
MUST_CHECK static struct err *
add_next_ca(struct certs_set *s, const struct certs_policy *policy, int64_t now_s)
{
    struct certs_pair next = {0};
    struct err *e = certs_make_ca(now_s, policy->ca_s, &next);
    AUTO(freep) char *own = certs_bundle_at(s->ca_pem, 0);

    if (!e) {
        free(s->ca_pem);
        s->ca_pem = xasprintf("%s%s", own, next.crt_pem);
        s->next_key = STEAL(next.key_pem);
        certs_pair_fini(&next);
    }
    return e;
}

/* The second CA signs from now on; the first stays trusted behind it. */
static void
switch_ca(struct certs_set *s)
{
    AUTO(freep) char *first = certs_bundle_at(s->ca_pem, 0);
    AUTO(freep) char *second = certs_bundle_at(s->ca_pem, 1);

    free(s->ca_pem);
    s->ca_pem = xasprintf("%s%s", second, first);
    secret_free(s->ca_key);
    s->ca_key = STEAL(s->next_key);
}

/* True when something was dropped. Only what stands behind the signing CA goes. */
static bool
drop_expired(struct certs_set *s, int64_t now_s)
{
    AUTO(freep) char *first = certs_bundle_at(s->ca_pem, 0);
    AUTO(freep) char *second = certs_bundle_at(s->ca_pem, 1);

    if (s->next_key || !second || certs_not_after(second) > now_s) {
        return false;
    }
    free(s->ca_pem);
    s->ca_pem = STEAL(first);
    return true;
}

MUST_CHECK static struct err *
renew_ca(struct certs_set *s, const struct certs_policy *policy, int64_t now_s, bool *ret_changed)
{
    struct err *e = NULL;

    *ret_changed = drop_expired(s, now_s);
    if (!s->next_key && certs_due(s->ca_pem, CA_NEXT_PERCENT, now_s)) {
        e = add_next_ca(s, policy, now_s);
        *ret_changed = true;
    }
    if (!e && s->next_key && certs_due(s->ca_pem, CA_SWITCH_PERCENT, now_s)) {
        switch_ca(s);
        *ret_changed = true;
    }
    return e;
}

MUST_CHECK static struct err *
renew_leaf(struct certs_set *s, const char *const *names, const struct certs_policy *policy, int64_t now_s,
           bool *ret_changed)
{
    struct certs_pair ca = {.crt_pem = s->ca_pem, .key_pem = s->ca_key};
    struct certs_pair leaf = {0};
    struct err *e;

    if (s->leaf.crt_pem && !certs_due(s->leaf.crt_pem, LEAF_PERCENT, now_s) &&
        certs_belongs(s->ca_pem, s->leaf.crt_pem) && certs_has_names(s->leaf.crt_pem, names)) {
        return NULL;
    }
    e = certs_make_leaf(&ca, names, now_s, policy->leaf_s, &leaf);
    if (!e) {
        certs_pair_fini(&s->leaf);
        s->leaf = leaf;
        *ret_changed = true;
    }
    return e;
}

MUST_CHECK static struct err *
first_set(const struct certs_policy *policy, int64_t now_s, struct certs_set **ret_set)
{
    struct certs_pair ca = {0};
    struct err *e = certs_make_ca(now_s, policy->ca_s, &ca);

    if (!e) {
        *ret_set = XNEW(struct certs_set);
        (*ret_set)->ca_pem = ca.crt_pem;
        (*ret_set)->ca_key = ca.key_pem;
    }
    return e;
}

struct err *
certs_renew(const struct certs_set *old, const char *const *names, const struct certs_policy *policy, int64_t now_s,
            struct certs_set **ret_new)
{
    AUTO(certs_set_freep) struct certs_set *s = NULL;
    bool is_changed = false;
    struct err *e = old ? certs_check(old) : first_set(policy, now_s, &s);

    if (e) {
        return e;
    }
    if (old) {
        s = certs_set_copy(old);
    }
    e = renew_ca(s, policy, now_s, &is_changed);
    if (!e) {
        e = renew_leaf(s, names, policy, now_s, &is_changed);
    }
    if (e) {
        return e;
    }
    *ret_new = is_changed ? STEAL(s) : NULL;
    return NULL;
}

char *
certs_chain(const struct certs_set *s)
{
    for (size_t i = 0;; i++) {
        AUTO(freep) char *ca = certs_bundle_at(s->ca_pem, i);

        if (!ca || certs_belongs(ca, s->leaf.crt_pem)) {
            return xasprintf("%s%s", s->leaf.crt_pem, ca ? ca : "");
        }
    }
}

json_t *
certs_to_secret(const struct certs_set *s, const char *namespace, const char *resource_version)
{
    json_t *secret = json_pack("{s:s, s:s, s:s, s:{s:s, s:s, s:{s:s}, s:s*}, s:{s:s, s:s, s:s, s:s, s:s*}}",
                               "apiVersion", "v1", "kind", "Secret", "type", "Opaque", "metadata", "name", CERTS_SECRET,
                               "namespace", namespace, "labels", "app.kubernetes.io/name", "vmbridge",
                               "resourceVersion", resource_version, "stringData", "tls.crt", s->leaf.crt_pem, "tls.key",
                               s->leaf.key_pem, "ca.crt", s->ca_pem, "ca.key", s->ca_key, "ca-next.key", s->next_key);

    BUG_ON(!secret);
    return secret;
}

/* What PEM is written in. OpenSSL skips any bytes around its blocks; the set goes back into JSON, which takes UTF-8 only. */
static bool
is_ascii(const char *text)
{
    for (const char *c = text; *c; c++) {
        if ((unsigned char)*c >= 0x80) {
            return false;
        }
    }
    return true;
}

/* Decodes one key of the Secret; the caller frees. */
MUST_CHECK static struct err *
read_data(const json_t *secret, const char *key, bool is_needed, char **ret_text)
{
    const char *coded = json_str(json_at(secret, "data", NULL), key);
    size_t len = coded ? strlen(coded) : 0;
    AUTO(freep) char *text = NULL;
    int n;

    if (len == 0) {
        return is_needed ? err_new(ERR_INVALID, "%s is missing", key) : NULL;
    }
    if (len > CERTS_PEM_MAX || len % 4 != 0) {
        return err_new(ERR_INVALID, "%s is unreadable", key);
    }
    text = xcalloc(1, len / 4 * 3 + 1);
    n = EVP_DecodeBlock((unsigned char *)text, (const unsigned char *)coded, (int)len);
    if (n < 0 || !is_ascii(text)) {
        return err_new(ERR_INVALID, "%s is unreadable", key);
    }
    *ret_text = STEAL(text); /* the padding became NULs, which end the text */
    return NULL;
}

struct err *
certs_from_secret(const json_t *secret, struct certs_set **ret_set)
{
    AUTO(certs_set_freep) struct certs_set *s = XNEW(struct certs_set);
    struct err *e = read_data(secret, "tls.crt", true, &s->leaf.crt_pem);

    if (!e) {
        e = read_data(secret, "tls.key", true, &s->leaf.key_pem);
    }
    if (!e) {
        e = read_data(secret, "ca.crt", true, &s->ca_pem);
    }
    if (!e) {
        e = read_data(secret, "ca.key", true, &s->ca_key);
    }
    if (!e) {
        e = read_data(secret, "ca-next.key", false, &s->next_key);
    }
    if (!e) {
        e = certs_check(s);
    }
    if (!e) {
        *ret_set = STEAL(s);
    }
    return e;
}

bool
certs_set_equal(const struct certs_set *a, const struct certs_set *b)
{
    return str_eq(a->leaf.crt_pem, b->leaf.crt_pem) && str_eq(a->leaf.key_pem, b->leaf.key_pem) &&
           str_eq(a->ca_pem, b->ca_pem) && str_eq(a->ca_key, b->ca_key) && str_eq(a->next_key, b->next_key);
}
