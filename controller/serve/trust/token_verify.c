// What a token proves: reads and checks a compact JWS against published keys. Pure: no clock, no network.
// cjose aborts on some texts, so it sees a token only when everything that can be read without it has been found good, and a key only as
// far as we know its members.
#include "serve/trust/token_verify.h"

#include <cjose/cjose.h>
#include <openssl/err.h>

enum {
    NAME_MAX_BYTES = 253,
    KEY_ID_MAX_BYTES = 256,
    RSA_MIN_BYTES = 256,
    RSA_MAX_BYTES = 1024,
    RSA_EXPONENT_MAX_BYTES = 8
};

/* Which signatures are taken, and the one kind of key that may have made them. HS* and none are not among them: a public key
 * must never be taken for a shared secret. */
static const struct algorithm {
    const char *name;
    const char *key_type;
    const char *curve;  /* NULL for RSA */
    size_t point_bytes; /* of each half of a point or a signature; 0 for RSA */
} algorithms[] = {
    {"RS256", "RSA", NULL, 0},    {"RS384", "RSA", NULL, 0},    {"RS512", "RSA", NULL, 0},
    {"ES256", "EC", "P-256", 32}, {"ES384", "EC", "P-384", 48}, {"ES512", "EC", "P-521", 66},
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

/* Bytes of a member that is base64url; 0 when it is not. */
static size_t
member_bytes(const json_t *jwk, const char *name)
{
    const char *text = json_str(jwk, name);

    return text ? token_segment_bytes((struct token_segment){text, strlen(text)}) : 0;
}

/* The public members of a key, with sizes that its kind can have; NULL: it is not one. */
static json_t *
public_part(const json_t *jwk, const struct algorithm *a, const char *id)
{
    size_t n = member_bytes(jwk, "n");
    size_t e = member_bytes(jwk, "e");

    if (a->curve) {
        return member_bytes(jwk, "x") == a->point_bytes && member_bytes(jwk, "y") == a->point_bytes
                   ? json_pack("{s:s, s:s, s:s, s:s, s:s}", "kty", a->key_type, "kid", id, "crv", a->curve, "x",
                               json_str(jwk, "x"), "y", json_str(jwk, "y"))
                   : NULL;
    }
    return n >= RSA_MIN_BYTES && n <= RSA_MAX_BYTES && e > 0 && e <= RSA_EXPONENT_MAX_BYTES
               ? json_pack("{s:s, s:s, s:s, s:s}", "kty", a->key_type, "kid", id, "n", json_str(jwk, "n"), "e",
                           json_str(jwk, "e"))
               : NULL;
}

static bool
is_key_id(const char *id)
{
    return !str_empty(id) && strlen(id) <= KEY_ID_MAX_BYTES;
}

static void
add_key(struct token_keys *k, const json_t *jwk)
{
    const struct algorithm *a = algorithm_of_key(jwk);
    const char *id = json_str(jwk, "kid");
    const char *use = json_str(jwk, "use");
    struct key key = {.id = NULL};

    if (!a || !is_key_id(id) || (use && !str_eq(use, "sig")) || k->n == TOKEN_KEYS_MAX) {
        return;
    }
    AUTO(json_freep) json_t *part = public_part(jwk, a, id);
    key.jwk = part ? cjose_jwk_import_json(part, NULL) : NULL;
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
read_header(const json_t *header, const struct algorithm **ret_algorithm)
{
    const char *name = json_str(header, "alg");

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

/* One of an algorithm has a certain length; RSA's is the key's, which OpenSSL checks. */
static bool
is_signature_of(struct token_segment signature, const struct algorithm *a)
{
    return !a->curve || token_segment_bytes(signature) == 2 * a->point_bytes;
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

/* Of an object of Kubernetes, or its UID. */
static bool
is_name(const char *s)
{
    static const char signs[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.";
    size_t len = s ? strlen(s) : 0;

    return len > 0 && len <= NAME_MAX_BYTES && strspn(s, signs) == len;
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

MUST_CHECK static struct err *
check_signature(const char *token, size_t len, const struct key *key)
{
    AUTO(jws_freep) cjose_jws_t *jws = cjose_jws_import(token, len, NULL);
    bool is_good = jws && cjose_jws_verify(jws, key->jwk, NULL);

    ERR_clear_error(); /* what is left there is read as the fault of somebody else's connection */
    return is_good ? NULL : err_new(ERR_INVALID, "token has a wrong signature");
}

/* What is written in a token, not proven yet. */
struct reading {
    const struct algorithm *algorithm;
    json_t *header;
    json_t *claims;
    struct token_identity *identity;
};

static void
reading_fini(struct reading *r)
{
    json_decref(r->header);
    json_decref(r->claims);
    token_identity_free(r->identity);
}

MUST_CHECK static struct err *
read_token(const char *token, size_t len, const char *audience, int64_t now_s, struct reading *r)
{
    struct token_text text;
    struct err *e = token_text_split(token, len, &text);

    if (!e) {
        e = token_segment_json(text.header, TOKEN_HEADER_MAX_BYTES, "header", &r->header);
    }
    if (!e) {
        e = read_header(r->header, &r->algorithm);
    }
    if (!e && !is_signature_of(text.signature, r->algorithm)) {
        e = err_new(ERR_INVALID, "token has a wrong signature");
    }
    if (!e) {
        e = token_segment_json(text.claims, TOKEN_CLAIMS_MAX_BYTES, "claims", &r->claims);
    }
    if (!e) {
        e = check_claims(r->claims, audience, now_s);
    }
    return e ? e : identity_of_claims(r->claims, &r->identity);
}

struct err *
// NOLINTNEXTLINE(readability-function-size): one check has these inputs
token_verify(const struct token_keys *keys, const char *issuer, const char *audience, const char *token, size_t len,
             int64_t now_s, struct token_identity **ret_identity)
{
    AUTO(reading_fini) struct reading r = {.algorithm = NULL};
    struct err *e = read_token(token, len, audience, now_s, &r);

    if (e) {
        return e;
    }
    const struct key *key = find_key(keys, r.algorithm, json_str(r.header, "kid"));
    if (!key) {
        return err_new(ERR_NOT_FOUND, "token names a key that is not published");
    }
    e = check_signature(token, len, key);
    if (e) {
        return e;
    }
    if (!issuer || !str_eq(json_str(r.claims, "iss"), issuer)) {
        return err_new(ERR_NOT_FOUND, "token is from another issuer than the published one");
    }
    *ret_identity = STEAL(r.identity);
    return NULL;
}

struct err *
token_claimed(const char *audience, const char *token, size_t len, int64_t now_s, struct token_identity **ret_claimed,
              char **ret_key_id)
{
    AUTO(reading_fini) struct reading r = {.algorithm = NULL};
    struct err *e = read_token(token, len, audience, now_s, &r);

    if (!e) {
        const char *key_id = json_str(r.header, "kid");

        *ret_key_id = xstrdup(key_id ? key_id : "");
        *ret_claimed = STEAL(r.identity);
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
