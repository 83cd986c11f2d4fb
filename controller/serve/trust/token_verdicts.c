// Tables of digests and of keys, each in the order of insertion. Holds no token.
#include "serve/trust/token_verdicts.h"

#include <openssl/evp.h>
#include <uthash.h>

#include "base/clock.h"

enum {
    VERDICTS_MAX = 4096,  /* of each kind: refused ones push no good one out */
    VERDICT_GOOD_S = 600, /* what the API server said is believed that long */
    VERDICT_BAD_S = 60,
    UNKNOWN_KEYS_MAX = 256,
    UNKNOWN_KEY_MS = 60 * 1000, /* a key that the published set lacked is not looked for again before */
    DIGEST_BYTES = 32,
};

struct verdict {
    unsigned char digest[DIGEST_BYTES];
    struct token_verdict said;
    int64_t until_s;
    UT_hash_handle hh;
};

/* A key that a token named and the published set lacked. */
struct unknown_key {
    char *id;
    int64_t until_ms;
    UT_hash_handle hh;
};

struct token_verdicts {
    struct verdict *good;
    struct verdict *refused;
    struct unknown_key *unknown;
};

static void
digest_of(const char *token, size_t len, unsigned char ret_digest[DIGEST_BYTES])
{
    unsigned n = 0;

    BUG_ON(EVP_Digest(token, len, ret_digest, &n, EVP_sha256(), NULL) != 1 || n != DIGEST_BYTES);
}

static void
forget(struct verdict **table, struct verdict *d)
{
    HASH_DEL(*table, d);
    token_identity_free(d->said.identity);
    err_free(d->said.err);
    free(d);
}

static struct verdict *
find_in(struct verdict **table, const unsigned char digest[DIGEST_BYTES])
{
    struct verdict *d = NULL;

    HASH_FIND(hh, *table, digest, DIGEST_BYTES, d);
    if (d && d->until_s <= clock_wall_s()) {
        forget(table, d);
        d = NULL;
    }
    return d;
}

const struct token_verdict *
token_verdicts_find(struct token_verdicts *v, const char *token, size_t len)
{
    unsigned char digest[DIGEST_BYTES];

    digest_of(token, len, digest);
    struct verdict *d = find_in(&v->good, digest);
    if (!d) {
        d = find_in(&v->refused, digest);
    }
    return d ? &d->said : NULL;
}

/* When what is said of a token now is to be asked again. */
static int64_t
verdict_end_s(const struct token_identity *identity)
{
    int64_t now_s = clock_wall_s();

    if (!identity) {
        return now_s + VERDICT_BAD_S;
    }
    bool ends_sooner = identity->expires_s > 0 && identity->expires_s < now_s + VERDICT_GOOD_S;
    return ends_sooner ? identity->expires_s : now_s + VERDICT_GOOD_S;
}

const struct token_verdict *
token_verdicts_keep(struct token_verdicts *v, const char *token, size_t len, struct token_identity *identity,
                    struct err *err)
{
    struct verdict **table = err ? &v->refused : &v->good;
    struct verdict *d = XNEW(struct verdict);
    struct verdict *old;

    digest_of(token, len, d->digest);
    old = find_in(table, d->digest);
    if (old) {
        forget(table, old);
    } else if (HASH_COUNT(*table) >= VERDICTS_MAX) {
        forget(table, *table);
    }
    d->said = (struct token_verdict){identity, err};
    d->until_s = verdict_end_s(identity);
    HASH_ADD(hh, *table, digest, DIGEST_BYTES, d);
    return &d->said;
}

static void
forget_key(struct token_verdicts *v, struct unknown_key *k)
{
    HASH_DEL(v->unknown, k);
    free(k->id);
    free(k);
}

bool
token_verdicts_lacks_key(struct token_verdicts *v, const char *key_id)
{
    struct unknown_key *k = NULL;

    HASH_FIND_STR(v->unknown, key_id, k);
    if (k && k->until_ms <= clock_mono_ms()) {
        forget_key(v, k);
        k = NULL;
    }
    return k;
}

void
token_verdicts_keep_lack(struct token_verdicts *v, const char *key_id)
{
    struct unknown_key *k;

    if (token_verdicts_lacks_key(v, key_id)) {
        return;
    }
    if (HASH_COUNT(v->unknown) >= UNKNOWN_KEYS_MAX) {
        forget_key(v, v->unknown);
    }
    k = XNEW(struct unknown_key);
    k->id = xstrdup(key_id);
    k->until_ms = clock_mono_ms() + UNKNOWN_KEY_MS;
    HASH_ADD_KEYPTR(hh, v->unknown, k->id, strlen(k->id), k);
}

struct token_verdicts *
token_verdicts_new(void)
{
    return XNEW(struct token_verdicts);
}

void
token_verdicts_free(struct token_verdicts *v)
{
    if (!v) {
        return;
    }
    while (v->good) {
        forget(&v->good, v->good);
    }
    while (v->refused) {
        forget(&v->refused, v->refused);
    }
    while (v->unknown) {
        forget_key(v, v->unknown);
    }
    free(v);
}
