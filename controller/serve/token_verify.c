// What a token proves: reads and checks a compact JWS against published keys. Pure: no clock, no network.
#include "serve/token.h"

#include <cjose/cjose.h>
#include <openssl/crypto.h>

enum { CLAIMS_MAX_BYTES = 16 * 1024, NAME_MAX_BYTES = 253 };

/* Which signatures are taken, and the one kind of key that may have made them. HS* and none are not among them: a public key
 * must never be taken for a shared secret. */
static const struct algorithm {
    const char *name;
    const char *key_type;
    const char *curve; /* NULL for RSA */
} algorithms[] = {
    {"RS256", "RSA", NULL},   {"RS384", "RSA", NULL},   {"RS512", "RSA", NULL},
    {"ES256", "EC", "P-256"}, {"ES384", "EC", "P-384"}, {"ES512", "EC", "P-521"},
};

struct key {
    char *id;
    const char *type; /* of the table above */
    const char *curve;
    cjose_jwk_t *jwk;
};

struct token_keys {
    struct key items[TOKEN_KEYS_MAX];
    size_t n;
};

static void
jws_freep(cjose_jws_t **jws)
{
    if (*jws) {
        cjose_jws_release(*jws);
    }
}

void
token_identity_free(struct token_identity *id)
{
    if (id) {
        free(id->namespace);
        free(id->pod_name);
        free(id->pod_uid);
        free(id->service_account);
        free(id);
    }
}

void
token_identity_freep(struct token_identity **id)
{
    token_identity_free(*id);
}

void
token_keys_free(struct token_keys *k)
{
    for (size_t i = 0; k && i < k->n; i++) {
        free(k->items[i].id);
        cjose_jwk_release(k->items[i].jwk);
    }
    free(k);
}

void
token_keys_freep(struct token_keys **k)
{
    token_keys_free(*k);
}

size_t
token_keys_count(const struct token_keys *k)
{
    return k ? k->n : 0;
}

static const struct algorithm *
algorithm_of_key(const json_t *jwk)
{
    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
        const struct algorithm *a = &algorithms[i];

        if (str_eq(a->key_type, json_str(jwk, "kty")) && (!a->curve || str_eq(a->curve, json_str(jwk, "crv")))) {
            return a;
        }
    }
    return NULL;
}

static void
add_key(struct token_keys *k, json_t *jwk)
{
    const struct algorithm *a = algorithm_of_key(jwk);
    const char *id = json_str(jwk, "kid");
    const char *use = json_str(jwk, "use");
    struct key key = {.id = NULL};

    if (!a || str_empty(id) || (use && !str_eq(use, "sig")) || k->n == TOKEN_KEYS_MAX) {
        return;
    }
    key.jwk = cjose_jwk_import_json(jwk, NULL);
    if (key.jwk) {
        key.id = xstrdup(id);
        key.type = a->key_type;
        key.curve = a->curve;
        k->items[k->n++] = key;
    }
}

struct err *
token_keys_parse(const json_t *jwks, struct token_keys **ret_keys)
{
    AUTO(token_keys_freep) struct token_keys *k = NULL;
    const json_t *list = json_at(jwks, "keys", NULL);
    json_t *jwk;
    size_t i;

    if (!json_is_array(list)) {
        return err_new(ERR_INVALID, "the API server's key set has no list of keys");
    }
    k = XNEW(struct token_keys);
    json_array_foreach(list, i, jwk) {
        add_key(k, jwk);
    }
    *ret_keys = STEAL(k);
    return NULL;
}

static const struct key *
find_key(const struct token_keys *k, const struct algorithm *a, const char *id)
{
    for (size_t i = 0; id && k && i < k->n; i++) {
        const struct key *key = &k->items[i];

        if (str_eq(key->id, id) && str_eq(key->type, a->key_type) && str_eq(key->curve, a->curve)) {
            return key;
        }
    }
    return NULL;
}

MUST_CHECK static struct err *
read_header(cjose_jws_t *jws, const struct algorithm **ret_algorithm, const char **ret_key_id)
{
    json_t *header = cjose_jws_get_protected(jws);
    const char *name = json_str(header, "alg");

    *ret_key_id = json_str(header, "kid");
    if (json_at(header, "crit", NULL)) {
        return err_new(ERR_INVALID, "token has a critical header that is not understood");
    }
    for (size_t i = 0; i < ARRAY_LEN(algorithms); i++) {
        if (str_eq(algorithms[i].name, name)) {
            *ret_algorithm = &algorithms[i];
            return NULL;
        }
    }
    return err_new(ERR_INVALID, "token is signed in a way that is not accepted");
}

/* The claims of a compact JWS, not proven yet. The caller owns the tree. */
MUST_CHECK static struct err *
read_claims(const char *token, size_t len, json_t **ret_claims)
{
    const char *first = memchr(token, '.', len);
    const char *second = first ? memchr(first + 1, '.', len - (size_t)(first + 1 - token)) : NULL;
    uint8_t *text = NULL;
    size_t text_len = 0;
    struct err *e = NULL;

    if (!second || !cjose_base64url_decode(first + 1, (size_t)(second - first - 1), &text, &text_len, NULL)) {
        return err_new(ERR_INVALID, "token has no readable claims");
    }
    e = json_parse((const char *)text, text_len, CLAIMS_MAX_BYTES, ret_claims);
    cjose_get_dealloc()(text);
    if (e) {
        err_free(e); /* its text could show a part of the token */
        return err_new(ERR_INVALID, "token has no readable claims");
    }
    return NULL;
}

static bool
has_text(const json_t *one_or_list, const char *want)
{
    const json_t *item;
    size_t i;

    if (json_is_string(one_or_list)) {
        return str_eq(json_string_value(one_or_list), want);
    }
    json_array_foreach(one_or_list, i, item) {
        if (json_is_string(item) && str_eq(json_string_value(item), want)) {
            return true;
        }
    }
    return false;
}

MUST_CHECK static struct err *
check_claims(const json_t *claims, const char *audience, int64_t now_s)
{
    const json_t *exp = json_at(claims, "exp", NULL);
    const json_t *nbf = json_at(claims, "nbf", NULL);

    if (!has_text(json_at(claims, "aud", NULL), audience)) {
        return err_new(ERR_INVALID, "token is for another audience than %s", audience);
    }
    if (!json_is_integer(exp) || json_integer_value(exp) < 0) {
        return err_new(ERR_INVALID, "token never ends");
    }
    if (json_integer_value(exp) <= now_s - TOKEN_LEEWAY_S) {
        return err_new(ERR_INVALID, "token has expired");
    }
    if (nbf && (!json_is_integer(nbf) || json_integer_value(nbf) > now_s + TOKEN_LEEWAY_S)) {
        return err_new(ERR_INVALID, "token is not valid yet");
    }
    return NULL;
}

static bool
is_name(const char *s)
{
    return !str_empty(s) && strlen(s) <= NAME_MAX_BYTES;
}

MUST_CHECK static struct err *
make_identity(const char *namespace, const char *pod_name, const char *pod_uid, const char *account, int64_t expires_s,
              struct token_identity **ret_identity)
{
    struct token_identity *id;

    if (!is_name(namespace) || !is_name(pod_name) || !is_name(pod_uid) || !is_name(account)) {
        return err_new(ERR_INVALID, "token is not bound to a pod");
    }
    id = XNEW(struct token_identity);
    id->namespace = xstrdup(namespace);
    id->pod_name = xstrdup(pod_name);
    id->pod_uid = xstrdup(pod_uid);
    id->service_account = xstrdup(account);
    id->expires_s = expires_s;
    *ret_identity = id;
    return NULL;
}

MUST_CHECK static struct err *
identity_of_claims(const json_t *claims, struct token_identity **ret_identity)
{
    const json_t *k = json_at(claims, "kubernetes.io", NULL);
    const json_t *pod = json_at(k, "pod", NULL);

    return make_identity(json_str(k, "namespace"), json_str(pod, "name"), json_str(pod, "uid"),
                         json_str(json_at(k, "serviceaccount", NULL), "name"), json_int(claims, "exp", 0), ret_identity);
}

/* Signature and issuer: what only the published keys can prove. */
MUST_CHECK static struct err *
check_proof(cjose_jws_t *jws, const struct token_keys *keys, const char *issuer, const json_t *claims)
{
    const struct algorithm *algorithm = NULL;
    const struct key *key;
    const char *key_id = NULL;
    struct err *e = read_header(jws, &algorithm, &key_id);

    if (e) {
        return e;
    }
    key = find_key(keys, algorithm, key_id);
    if (!key) {
        return err_new(ERR_NOT_FOUND, "token names a key that is not published");
    }
    if (!cjose_jws_verify(jws, key->jwk, NULL)) {
        return err_new(ERR_INVALID, "token has a wrong signature");
    }
    if (!issuer || !str_eq(json_str(claims, "iss"), issuer)) {
        return err_new(ERR_NOT_FOUND, "token is from another issuer than the published one");
    }
    return NULL;
}

struct err *
// NOLINTNEXTLINE(readability-function-size): one check has these inputs
token_verify(const struct token_keys *keys, const char *issuer, const char *audience, const char *token, size_t len,
             int64_t now_s, struct token_identity **ret_identity)
{
    AUTO(jws_freep) cjose_jws_t *jws = NULL;
    AUTO(json_freep) json_t *claims = NULL;
    AUTO(token_identity_freep) struct token_identity *id = NULL;
    struct err *e = NULL;

    if (len == 0 || len > TOKEN_MAX_BYTES) {
        return err_new(ERR_INVALID, "token is empty or too long");
    }
    jws = cjose_jws_import(token, len, NULL);
    if (!jws) {
        return err_new(ERR_INVALID, "token is no signed token");
    }
    e = read_claims(token, len, &claims);
    if (!e) {
        e = check_claims(claims, audience, now_s);
    }
    if (!e) {
        e = identity_of_claims(claims, &id);
    }
    if (!e) {
        e = check_proof(jws, keys, issuer, claims);
    }
    if (!e) {
        *ret_identity = STEAL(id);
    }
    return e;
}

/* The only value of an extra of the reviewed user. */
static const char *
user_extra(const json_t *user, const char *key)
{
    return json_string_value(json_array_get(json_at(user, "extra", key, NULL), 0));
}

struct err *
token_review_read(const json_t *review, const char *audience, struct token_identity **ret_identity)
{
    static const char prefix[] = "system:serviceaccount:";
    const json_t *status = json_at(review, "status", NULL);
    const json_t *user = json_at(status, "user", NULL);
    const char *name = json_str(user, "username");
    const char *colon;
    AUTO(freep) char *namespace = NULL;

    if (!json_bool(status, "authenticated", false)) {
        return err_new(ERR_INVALID, "the API server does not accept the token");
    }
    if (!has_text(json_at(status, "audiences", NULL), audience)) {
        return err_new(ERR_INVALID, "token is for another audience than %s", audience);
    }
    colon = name && str_starts(name, prefix) ? strchr(name + sizeof(prefix) - 1, ':') : NULL;
    if (!colon) {
        return err_new(ERR_INVALID, "token is not a service account's");
    }
    namespace = xstrndup(name + sizeof(prefix) - 1, (size_t)(colon - name) - (sizeof(prefix) - 1));
    return make_identity(namespace, user_extra(user, "authentication.kubernetes.io/pod-name"),
                         user_extra(user, "authentication.kubernetes.io/pod-uid"), colon + 1, 0, ret_identity);
}
