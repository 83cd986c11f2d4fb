// What tokens prove and what they do not: real signatures, each way to lie a row.
#include "serve/trust/token.h"

#include <check.h>
#include <cjose/cjose.h>

#define ISSUER "https://kubernetes.default.svc"

enum { NOW_S = 1800000000 };

struct world {
    cjose_jwk_t *rsa;   /* published */
    cjose_jwk_t *ec;    /* published */
    cjose_jwk_t *other; /* not published, but claims the id of 'rsa' */
    struct token_keys *keys;
};

static cjose_jwk_t *
named(cjose_jwk_t *jwk, const char *id)
{
    ck_assert_ptr_nonnull(jwk);
    ck_assert(cjose_jwk_set_kid(jwk, id, strlen(id), NULL));
    return jwk;
}

static void
publish(json_t *list, cjose_jwk_t *jwk)
{
    char *text = cjose_jwk_to_json(jwk, false, NULL);
    json_t *key = json_loads(text, 0, NULL);

    ck_assert_ptr_nonnull(key);
    json_array_append_new(list, key);
    cjose_get_dealloc()(text);
}

/* Made once: a new RSA key takes a second, and under valgrind many. */
static struct world made;

static void
make_keys(void)
{
    static const uint8_t e[] = {1, 0, 1};

    made.rsa = named(cjose_jwk_create_RSA_random(2048, e, sizeof(e), NULL), "k-rsa");
    made.ec = named(cjose_jwk_create_EC_random(CJOSE_JWK_EC_P_256, NULL), "k-ec");
    made.other = named(cjose_jwk_create_RSA_random(2048, e, sizeof(e), NULL), "k-rsa");
}

static void
drop_keys(void)
{
    cjose_jwk_release(made.rsa);
    cjose_jwk_release(made.ec);
    cjose_jwk_release(made.other);
}

static void
world_init(struct world *w)
{
    json_t *set = json_pack("{s:[]}", "keys");

    *w = made;
    publish(json_object_get(set, "keys"), w->rsa);
    publish(json_object_get(set, "keys"), w->ec);
    ck_assert_ptr_null(token_keys_parse(set, &w->keys));
    ck_assert_uint_eq(token_keys_count(w->keys), 2);
    json_decref(set);
}

static void
world_fini(struct world *w)
{
    token_keys_free(w->keys);
}

/* The claims that the API server writes; the caller changes and frees them. */
static json_t *
good_claims(void)
{
    json_t *j = json_pack("{s:[s], s:s, s:I, s:I, s:I, s:{s:s, s:{s:s, s:s}, s:{s:s, s:s}}}", "aud", GATEWAY_AUDIENCE,
                          "iss", ISSUER, "exp", (json_int_t)NOW_S + 3600, "nbf", (json_int_t)NOW_S, "iat",
                          (json_int_t)NOW_S, "kubernetes.io", "namespace", "ns1", "pod", "name", "p1", "uid", "u1",
                          "serviceaccount", "name", "default", "uid", "s1");

    ck_assert_ptr_nonnull(j);
    return j;
}

static char *
signed_with(cjose_jwk_t *jwk, const char *alg, const char *kid, const json_t *claims)
{
    cjose_header_t *header = cjose_header_new(NULL);
    char *text = json_dumps(claims, JSON_COMPACT);
    const char *compact = NULL;
    cjose_jws_t *jws;
    char *token;

    ck_assert(cjose_header_set(header, "alg", alg, NULL));
    if (kid) {
        ck_assert(cjose_header_set(header, "kid", kid, NULL));
    }
    jws = cjose_jws_sign(jwk, header, (const uint8_t *)text, strlen(text), NULL);
    ck_assert_ptr_nonnull(jws);
    ck_assert(cjose_jws_export(jws, &compact, NULL));
    token = xstrdup(compact);
    cjose_jws_release(jws);
    cjose_header_release(header);
    free(text);
    return token;
}

static struct err *
verify(const struct world *w, const char *token, size_t len, struct token_identity **ret)
{
    return token_verify(w->keys, ISSUER, GATEWAY_AUDIENCE, token, len, NOW_S, ret);
}

static void
expect_refused(const struct world *w, const char *name, const char *token, size_t len, enum err_class class,
               const char *words)
{
    struct token_identity *id = NULL;
    struct err *e = verify(w, token, len, &id);

    ck_assert_msg(e && !id, "%s: accepted", name);
    ck_assert_msg(err_class(e) == class, "%s: class %s: %s", name, err_class_name(err_class(e)), err_text(e));
    ck_assert_msg(strstr(err_text(e), words), "%s: %s", name, err_text(e));
    err_free(e);
}

START_TEST(good_tokens)
{
    struct world w;
    json_t *claims = good_claims();

    world_init(&w);
    for (int i = 0; i < 2; i++) {
        AUTO(freep)
        char *token = i ? signed_with(w.ec, "ES256", "k-ec", claims) : signed_with(w.rsa, "RS256", "k-rsa", claims);
        struct token_identity *id = NULL;

        ck_assert_ptr_null(verify(&w, token, strlen(token), &id));
        ck_assert_str_eq(id->namespace, "ns1");
        ck_assert_str_eq(id->pod_name, "p1");
        ck_assert_str_eq(id->pod_uid, "u1");
        ck_assert_str_eq(id->service_account, "default");
        ck_assert_int_eq(id->expires_s, NOW_S + 3600);
        token_identity_free(id);
    }
    json_decref(claims);
    world_fini(&w);
}
END_TEST

/* Each row changes one claim of a token that is good and rightly signed. NULL removes it. */
static const struct {
    const char *name, *key, *value; /* value in JSON */
    enum err_class class;
    const char *words;
} claim_rows[] = {
    {"for the API server", "aud", "[\"https://kubernetes.default.svc\"]", ERR_INVALID, "audience"},
    {"for somebody alike", "aud", "[\"vmbridge-gateway2\", \"vmbridge\"]", ERR_INVALID, "audience"},
    {"for nobody", "aud", NULL, ERR_INVALID, "audience"},
    {"audience of a wrong type", "aud", "{\"vmbridge-gateway\": 1}", ERR_INVALID, "audience"},
    {"just over", "exp", "1799999940", ERR_INVALID, "expired"},
    {"long over", "exp", "1", ERR_INVALID, "expired"},
    {"without an end", "exp", NULL, ERR_INVALID, "never ends"},
    {"end as text", "exp", "\"1900000000\"", ERR_INVALID, "never ends"},
    {"negative end", "exp", "-1", ERR_INVALID, "never ends"},
    {"from the future", "nbf", "1800000061", ERR_INVALID, "not valid yet"},
    {"begin as text", "nbf", "\"0\"", ERR_INVALID, "not valid yet"},
    {"another issuer", "iss", "\"https://example.org\"", ERR_NOT_FOUND, "issuer"},
    {"no issuer", "iss", NULL, ERR_NOT_FOUND, "issuer"},
    {"not bound", "kubernetes.io", "{\"namespace\":\"ns1\",\"serviceaccount\":{\"name\":\"default\"}}", ERR_INVALID,
     "pod"},
    {"no kubernetes claims", "kubernetes.io", NULL, ERR_INVALID, "pod"},
    {"bound to a pod without uid", "kubernetes.io",
     "{\"namespace\":\"ns1\",\"pod\":{\"name\":\"p1\"},\"serviceaccount\":{\"name\":\"default\"}}", ERR_INVALID, "pod"},
    {"bound to wrong types", "kubernetes.io", "{\"namespace\":1,\"pod\":[],\"serviceaccount\":null}", ERR_INVALID, "pod"},
};

START_TEST(wrong_claims)
{
    struct world w;

    world_init(&w);
    for (size_t i = 0; i < ARRAY_LEN(claim_rows); i++) {
        json_t *claims = good_claims();
        AUTO(freep) char *token = NULL;

        json_object_del(claims, claim_rows[i].key);
        if (claim_rows[i].value) {
            json_object_set_new(claims, claim_rows[i].key, json_loads(claim_rows[i].value, JSON_DECODE_ANY, NULL));
        }
        token = signed_with(w.ec, "ES256", "k-ec", claims);
        expect_refused(&w, claim_rows[i].name, token, strlen(token), claim_rows[i].class, claim_rows[i].words);
        json_decref(claims);
    }
    world_fini(&w);
}
END_TEST

START_TEST(leeway)
{
    struct world w;
    json_t *claims = good_claims();
    AUTO(freep) char *token = NULL;
    struct token_identity *id = NULL;

    world_init(&w);
    json_object_set_new(claims, "exp", json_integer(NOW_S - TOKEN_LEEWAY_S + 1));
    json_object_set_new(claims, "nbf", json_integer(NOW_S + TOKEN_LEEWAY_S));
    json_object_set_new(claims, "aud", json_string(GATEWAY_AUDIENCE));
    token = signed_with(w.ec, "ES256", "k-ec", claims);
    ck_assert_ptr_null(verify(&w, token, strlen(token), &id));
    token_identity_free(id);
    json_decref(claims);
    world_fini(&w);
}
END_TEST

/* "header.claims.signature" of which the parts are given as text, the first two unencoded. */
static char *
by_hand(const char *header, const char *claims, const char *signature)
{
    char *h = NULL, *c = NULL, *token;
    size_t len;

    ck_assert(cjose_base64url_encode((const uint8_t *)header, strlen(header), &h, &len, NULL));
    ck_assert(cjose_base64url_encode((const uint8_t *)claims, strlen(claims), &c, &len, NULL));
    token = xasprintf("%s.%s.%s", h, c, signature);
    cjose_get_dealloc()(h);
    cjose_get_dealloc()(c);
    return token;
}

START_TEST(wrong_signatures)
{
    struct world w;
    json_t *claims = good_claims();
    AUTO(freep) char *text = json_dumps(claims, JSON_COMPACT);
    AUTO(freep) char *public_key = NULL;
    char *token;
    cjose_jwk_t *secret;

    world_init(&w);

    token = signed_with(w.other, "RS256", "k-rsa", claims);
    expect_refused(&w, "another key under a published id", token, strlen(token), ERR_INVALID, "signature");
    free(token);

    token = signed_with(w.rsa, "RS256", "k-new", claims);
    expect_refused(&w, "a key that is not published", token, strlen(token), ERR_NOT_FOUND, "key");
    free(token);

    token = signed_with(w.rsa, "RS256", NULL, claims);
    expect_refused(&w, "no key named", token, strlen(token), ERR_NOT_FOUND, "key");
    free(token);

    token = signed_with(w.rsa, "RS256", "k-ec", claims);
    expect_refused(&w, "a key of another kind", token, strlen(token), ERR_NOT_FOUND, "key");
    free(token);

    token = signed_with(w.rsa, "PS256", "k-rsa", claims);
    expect_refused(&w, "an algorithm that nobody uses", token, strlen(token), ERR_INVALID, "not accepted");
    free(token);

    public_key = cjose_jwk_to_json(w.rsa, false, NULL);
    secret = named(cjose_jwk_create_oct_spec((const uint8_t *)public_key, strlen(public_key), NULL), "k-rsa");
    token = signed_with(secret, "HS256", "k-rsa", claims);
    expect_refused(&w, "the public key as a shared secret", token, strlen(token), ERR_INVALID, "not accepted");
    free(token);
    cjose_jwk_release(secret);

    token = by_hand("{\"alg\":\"none\",\"kid\":\"k-rsa\"}", text, "");
    expect_refused(&w, "no signature wanted", token, strlen(token), ERR_INVALID, "token");
    free(token);

    token = by_hand("{\"alg\":\"none\",\"kid\":\"k-rsa\"}", text, "AAAA");
    expect_refused(&w, "no signature wanted, one given", token, strlen(token), ERR_INVALID, "token");
    free(token);

    token = by_hand("{\"alg\":\"RS256\",\"kid\":\"k-rsa\",\"crit\":[\"b64\"],\"b64\":false}", text, "AAAA");
    expect_refused(&w, "a critical header", token, strlen(token), ERR_INVALID, "critical");
    free(token);
    json_decref(claims);
    world_fini(&w);
}
END_TEST

START_TEST(changed_by_one_bit)
{
    struct world w;
    json_t *claims = good_claims();
    AUTO(freep) char *token = NULL;
    size_t len;

    world_init(&w);
    token = signed_with(w.ec, "ES256", "k-ec", claims);
    len = strlen(token);
    for (size_t i = 0; i < len; i++) {
        struct token_identity *id = NULL;
        char kept = token[i];
        struct err *e;

        if (kept == '.') {
            continue;
        }
        token[i] = kept == 'A' ? 'B' : 'A';
        e = verify(&w, token, len, &id);
        ck_assert_msg(e && !id, "changed at %zu of %zu: accepted", i, len);
        err_free(e);
        token[i] = kept;
    }
    json_decref(claims);
    world_fini(&w);
}
END_TEST

START_TEST(garbage)
{
    static const char *const texts[] = {"",
                                        ".",
                                        "..",
                                        "...",
                                        "a.b.c",
                                        "a.b",
                                        "!!!.???.***",
                                        "e30.e30.e30",
                                        "\xff\xfe.\x80.\x80",
                                        "eyJhbGciOiJSUzI1NiJ9..",
                                        "eyJhbGciOiJSUzI1NiJ9.bm8.AAAA",
                                        "null.null.null",
                                        "A===.AAAA.AAAA", /* cjose asserts on the first sign here and below */
                                        "AAAA.A===.AAAA",
                                        "AAAA.AAAA.A===",
                                        "e30.A===.AAAA",
                                        "eyJhbGciOiJSUzI1NiJ9.e30.A===",
                                        "eyJhbGciOiJSUzI1NiJ9.e30.A=",
                                        "eyJhbGciOiJSUzI1NiJ9.e30.AA==",
                                        "eyJhbGciOiJSUzI1NiJ9.e30.AAAAA",
                                        "eyJhbGciOiJSUzI1NiJ9.e30.AAAA.",
                                        "eyJhbGciOiJSUzI1NiJ9.e30.AAAA.AAAA",
                                        "eyJhbGciOiJSUzI1NiJ9.e31.AAAA",
                                        "eyJhbGciOiJSUzI1NiJ9.e3 0.AAAA",
                                        "=.=.=",
                                        "===.===.==="};
    enum { HUGE_BYTES = 10 * 1000 * 1000 };
    struct world w;
    AUTO(freep) char *huge = xcalloc(1, HUGE_BYTES + 1);

    world_init(&w);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        expect_refused(&w, texts[i], texts[i], strlen(texts[i]), ERR_INVALID, "token");
    }
    memset(huge, 'A', HUGE_BYTES);
    expect_refused(&w, "ten megabytes", huge, HUGE_BYTES, ERR_INVALID, "too long");
    world_fini(&w);
}
END_TEST

/* Each row changes one segment of a good token. */
static const struct {
    const char *name;
    int segment; /* 0 to 2 */
    const char *with;
    bool is_added; /* behind the segment, else in its place */
} form_rows[] = {
    {"padding behind the header", 0, "=", true},
    {"padding behind the claims", 1, "==", true},
    {"padding behind the signature", 2, "==", true},
    {"a blank behind the claims", 1, " ", true},
    {"a line end behind the signature", 2, "\n", true},
    {"a sign of plain base64 in the signature", 2, "AAA+", true},
    {"a fourth segment", 2, ".AAAA", true},
    {"one sign too many", 2, "AAAAA", true},
    {"no header", 0, "", false},
    {"no claims", 1, "", false},
    {"no signature", 2, "", false},
    {"a header that is text", 0, "bm8", false},
    {"a header that is a list", 0, "W10", false},
    {"a header with a key twice", 0, "eyJhbGciOiJFUzI1NiIsImFsZyI6IkVTMjU2Iiwia2lkIjoiay1lYyJ9", false},
    {"an algorithm that is a number", 0, "eyJhbGciOjEsImtpZCI6ImstZWMifQ", false},
    {"a signature that is too short", 2, "AAAA", false},
    {"claims that are a list", 1, "W10", false},
};

START_TEST(wrong_forms)
{
    struct world w;
    json_t *claims = good_claims();
    AUTO(freep) char *token = NULL;
    AUTO(freep) char *changed = NULL;
    char *parts[3];
    char *save = NULL;

    world_init(&w);
    token = signed_with(w.ec, "ES256", "k-ec", claims);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        parts[i] = strtok_r(i ? NULL : token, ".", &save);
    }
    AUTO(freep)
    char *part = xasprintf("%s%s", form_rows[_i].is_added ? parts[form_rows[_i].segment] : "", form_rows[_i].with);
    parts[form_rows[_i].segment] = part;
    changed = xasprintf("%s.%s.%s", parts[0], parts[1], parts[2]);
    expect_refused(&w, form_rows[_i].name, changed, strlen(changed), ERR_INVALID, "token");
    json_decref(claims);
    world_fini(&w);
}
END_TEST

/* The whole token counts, not what stands before a NUL. */
START_TEST(nul_behind_a_good_token)
{
    struct world w;
    json_t *claims = good_claims();
    AUTO(freep) char *token = NULL;

    world_init(&w);
    token = signed_with(w.ec, "ES256", "k-ec", claims);
    expect_refused(&w, "a NUL behind it", token, strlen(token) + 1, ERR_INVALID, "token");
    json_decref(claims);
    world_fini(&w);
}
END_TEST

static const struct {
    const char *text;
    size_t bytes;
} segment_rows[] = {
    {"", 0},     {"A", 0},    {"AA", 1},   {"AQ", 1},    {"AB", 0},     {"Ag", 1},   {"AAA", 2},    {"AAE", 2},
    {"AAB", 0},  {"AAAA", 3}, {"-_-_", 3}, {"AAAAA", 0}, {"AAAAAA", 4}, {"A===", 0}, {"AA==", 0},   {"AAA=", 0},
    {"====", 0}, {"+AAA", 0}, {"/AAA", 0}, {"A AA", 0},  {"AAA\n", 0},  {"\x80", 0}, {"AA\x80", 0}, {"AAAA=", 0},
};

START_TEST(segments)
{
    const char *text = segment_rows[_i].text;

    ck_assert_msg(token_segment_bytes((struct token_segment){text, strlen(text)}) == segment_rows[_i].bytes, "'%s'",
                  text);
    if (segment_rows[_i].bytes > 0) { /* what we take, the library takes, and finds as many bytes */
        uint8_t *out = NULL;
        size_t len = 0;

        ck_assert(cjose_base64url_decode(text, strlen(text), &out, &len, NULL));
        ck_assert_uint_eq(len, segment_rows[_i].bytes);
        cjose_get_dealloc()(out);
    }
}
END_TEST

START_TEST(no_keys_known)
{
    struct world w;
    json_t *claims = good_claims();
    AUTO(freep) char *token = NULL;
    struct token_identity *id = NULL;
    struct err *e;

    world_init(&w);
    token = signed_with(w.ec, "ES256", "k-ec", claims);
    e = token_verify(NULL, NULL, GATEWAY_AUDIENCE, token, strlen(token), NOW_S, &id);
    ck_assert_int_eq(err_class(e), ERR_NOT_FOUND);
    err_free(e);
    json_decref(claims);
    world_fini(&w);
}
END_TEST

static const struct {
    const char *name, *set;
    int want; /* keys, -1: refused */
} set_rows[] = {
    {"no set", "{}", -1},
    {"keys of a wrong type", "{\"keys\":{}}", -1},
    {"an empty set", "{\"keys\":[]}", 0},
    {"a shared secret is skipped", "{\"keys\":[{\"kty\":\"oct\",\"kid\":\"a\",\"k\":\"AAAA\"}]}", 0},
    {"a key without an id is skipped", "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}", 0},
    {"a key for encryption is skipped",
     "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\",\"use\":\"enc\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}", 0},
    {"an unreadable key is skipped",
     "{\"keys\":[{\"kty\":\"EC\",\"kid\":\"a\",\"crv\":\"P-256\",\"x\":\"!\",\"y\":1}]}", 0},
    {"an unknown curve is skipped",
     "{\"keys\":[{\"kty\":\"EC\",\"kid\":\"a\",\"crv\":\"P-224\",\"x\":\"AA\",\"y\":\"AA\"}]}", 0},
    {"a key whose padding would abort cjose is skipped",
     "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"A===\",\"e\":\"A===\"}]}", 0},
    {"a point whose padding would abort cjose is skipped",
     "{\"keys\":[{\"kty\":\"EC\",\"kid\":\"a\",\"crv\":\"P-256\",\"x\":\"A===\",\"y\":\"A===\"}]}", 0},
    {"a point of a wrong size is skipped",
     "{\"keys\":[{\"kty\":\"EC\",\"kid\":\"a\",\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"AAAA\"}]}", 0},
    {"a point that is not on its curve is skipped",
     "{\"keys\":[{\"kty\":\"EC\",\"kid\":\"a\",\"crv\":\"P-256\",\"x\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
     "\"y\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}]}",
     0},
    {"a small RSA key is skipped", "{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}", 0},
    {"wrong elements are skipped", "{\"keys\":[null,1,\"x\",[]]}", 0},
};

START_TEST(key_sets)
{
    json_t *j = json_loads(set_rows[_i].set, 0, NULL);
    struct token_keys *k = NULL;
    struct err *e = token_keys_parse(j, &k);

    ck_assert_msg((e != NULL) == (set_rows[_i].want < 0), "%s", set_rows[_i].name);
    if (!e) {
        ck_assert_msg(token_keys_count(k) == (size_t)set_rows[_i].want, "%s", set_rows[_i].name);
    }
    err_free(e);
    token_keys_free(k);
    json_decref(j);
}
END_TEST

#define EXTRA(name, uid)                                            \
    "\"extra\":{\"authentication.kubernetes.io/pod-name\":[\"" name \
    "\"],\"authentication.kubernetes.io/pod-uid\":[\"" uid "\"]}"

static const struct {
    const char *name, *status, *words; /* words NULL: accepted */
} review_rows[] = {
    {"accepted",
     "{\"authenticated\":true,\"audiences\":[\"vmbridge-gateway\"],\"user\":{\"username\":\"system:serviceaccount:ns1:"
     "sa\"," EXTRA("p1", "u1") "}}",
     NULL},
    {"refused", "{\"authenticated\":false,\"error\":\"expired\"}", "does not accept"},
    {"nothing said", "{}", "does not accept"},
    {"said as text", "{\"authenticated\":\"true\"}", "does not accept"},
    {"another audience",
     "{\"authenticated\":true,\"audiences\":[\"x\"],\"user\":{\"username\":\"system:serviceaccount:ns1:sa\"," EXTRA(
         "p1", "u1") "}}",
     "audience"},
    {"an API server that knows no audiences",
     "{\"authenticated\":true,\"user\":{\"username\":\"system:serviceaccount:ns1:sa\"," EXTRA("p1", "u1") "}}",
     "audience"},
    {"a person", "{\"authenticated\":true,\"audiences\":[\"vmbridge-gateway\"],\"user\":{\"username\":\"admin\"}}",
     "service account"},
    {"no namespace", "{\"authenticated\":true,\"audiences\":[\"vmbridge-gateway\"],\"user\":{\"username\":\"system:serviceaccount:x\"}}",
     "service account"},
    {"not bound", "{\"authenticated\":true,\"audiences\":[\"vmbridge-gateway\"],\"user\":{\"username\":\"system:serviceaccount:ns1:sa\"}}",
     "not bound"},
};

START_TEST(reviews)
{
    json_t *j = json_pack("{s:o}", "status", json_loads(review_rows[_i].status, 0, NULL));
    struct token_identity *id = NULL;
    struct err *e = token_review_read(j, GATEWAY_AUDIENCE, &id);

    if (review_rows[_i].words) {
        ck_assert_msg(e && strstr(err_text(e), review_rows[_i].words), "%s: %s", review_rows[_i].name,
                      e ? err_text(e) : "accepted");
    } else {
        ck_assert_msg(!e, "%s: %s", review_rows[_i].name, e ? err_text(e) : "");
        ck_assert_str_eq(id->namespace, "ns1");
        ck_assert_str_eq(id->pod_uid, "u1");
        ck_assert_str_eq(id->service_account, "sa");
    }
    err_free(e);
    token_identity_free(id);
    json_decref(j);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("token");
    TCase *t = tcase_create("token");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_unchecked_fixture(t, make_keys, drop_keys);
    tcase_add_test(t, good_tokens);
    tcase_add_test(t, wrong_claims);
    tcase_add_test(t, leeway);
    tcase_add_test(t, wrong_signatures);
    tcase_add_test(t, changed_by_one_bit);
    tcase_add_test(t, garbage);
    tcase_add_loop_test(t, wrong_forms, 0, (int)ARRAY_LEN(form_rows));
    tcase_add_test(t, nul_behind_a_good_token);
    tcase_add_loop_test(t, segments, 0, (int)ARRAY_LEN(segment_rows));
    tcase_add_test(t, no_keys_known);
    tcase_add_loop_test(t, key_sets, 0, (int)ARRAY_LEN(set_rows));
    tcase_add_loop_test(t, reviews, 0, (int)ARRAY_LEN(review_rows));
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
