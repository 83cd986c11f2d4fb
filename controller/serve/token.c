// Decides whether a token is good, asking the API server for keys, or for a verdict when keys do not settle it.
// Holds no token longer than a check lasts.
#include "serve/token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <uthash.h>
#include <utlist.h>

#include "base/clock.h"

enum {
    KEYS_EVERY_MS = 3600 * 1000, /* published keys are read again */
    KEYS_AGAIN_MS = 10 * 1000,   /* at most that often for an unknown key, or after a failure */
    VERDICTS_MAX = 4096,
    VERDICT_GOOD_S = 600, /* what the API server said is believed that long */
    VERDICT_BAD_S = 60,
    REVIEWS_MAX = 64, /* in flight */
    DIGEST_BYTES = 32,
};

static const struct metric checks_total = {
    .name = "vmbridge_token_checks_total",
    .help = "Launcher tokens checked, by how (keys, review, cache) and result.",
    .type = METRIC_COUNTER,
};
static const struct metric keys_total = {
    .name = "vmbridge_token_key_fetches_total",
    .help = "Fetches of the cluster's published keys, by result.",
    .type = METRIC_COUNTER,
};

struct verdict {
    unsigned char digest[DIGEST_BYTES];
    struct token_identity *identity; /* NULL: refused */
    struct err *err;                 /* why, or NULL */
    int64_t until_s;
    UT_hash_handle hh;
};

struct token_check {
    struct token_verifier *verifier;
    char *token;
    size_t len;
    token_done_fn *done;
    void *arg;
    struct kube_request *review; /* NULL: it waits for keys */
    struct token_check *prev, *next;
};

struct token_verifier {
    struct log log;
    struct kube *kube;
    char *audience;
    struct metrics *metrics;
    uv_timer_t timer; /* until the next fetch of the keys */
    struct token_keys *keys;
    char *issuer;
    char *next_issuer; /* read, and its keys not yet */
    struct kube_request *fetch;
    int64_t fetched_ms; /* begin of the last fetch */
    struct token_check *checks;
    unsigned n_reviews;
    struct verdict *verdicts; /* in the order of insertion */
};

static void fetch_keys(struct token_verifier *v);

static void
count_check(struct token_verifier *v, const char *by, const char *result)
{
    char labels[64];

    if (v->metrics) {
        snprintf(labels, sizeof(labels), "by=\"%s\",result=\"%s\"", by, result);
        metrics_add(v->metrics, &checks_total, labels, 1);
    }
}

static void
digest_of(const char *token, size_t len, unsigned char ret_digest[DIGEST_BYTES])
{
    unsigned n = 0;

    BUG_ON(EVP_Digest(token, len, ret_digest, &n, EVP_sha256(), NULL) != 1 || n != DIGEST_BYTES);
}

static void
forget(struct token_verifier *v, struct verdict *d)
{
    HASH_DEL(v->verdicts, d);
    token_identity_free(d->identity);
    err_free(d->err);
    free(d);
}

static struct verdict *
find_verdict(struct token_verifier *v, const unsigned char digest[DIGEST_BYTES])
{
    struct verdict *d = NULL;

    HASH_FIND(hh, v->verdicts, digest, DIGEST_BYTES, d);
    if (d && d->until_s <= clock_wall_s()) {
        forget(v, d);
        d = NULL;
    }
    return d;
}

/* Takes 'identity' and 'err'. */
static struct verdict *
remember(struct token_verifier *v, const struct token_check *c, struct token_identity *identity, struct err *err)
{
    struct verdict *d = XNEW(struct verdict);
    struct verdict *old;

    digest_of(c->token, c->len, d->digest);
    old = find_verdict(v, d->digest);
    if (old) {
        forget(v, old);
    } else if (HASH_COUNT(v->verdicts) >= VERDICTS_MAX) {
        forget(v, v->verdicts);
    }
    d->identity = identity;
    d->err = err;
    d->until_s = clock_wall_s() + (err ? VERDICT_BAD_S : VERDICT_GOOD_S);
    HASH_ADD(hh, v->verdicts, digest, DIGEST_BYTES, d);
    return d;
}

static void
check_free(struct token_check *c)
{
    if (c->review) {
        kube_cancel(c->review);
        c->verifier->n_reviews--;
    }
    DL_DELETE(c->verifier->checks, c);
    OPENSSL_cleanse(c->token, c->len);
    free(c->token);
    free(c);
}

/* Answers and frees. The check is gone before 'done' runs, so that 'done' may start or cancel others. */
static void
check_end(struct token_check *c, const struct token_identity *identity, const struct err *err)
{
    token_done_fn *done = c->done;
    void *arg = c->arg;

    check_free(c);
    done(arg, identity, err);
}

static void
on_review(void *arg, const struct kube_reply *reply)
{
    struct token_check *c = arg;
    struct token_verifier *v = c->verifier;
    struct token_identity *identity = NULL;
    AUTO(err_freep) struct err *e = NULL;
    struct verdict *d;

    c->review = NULL;
    v->n_reviews--;
    if (reply->err) {
        count_check(v, "review", "error");
        e = err_new(ERR_RETRY, "token review: %s", err_text(reply->err));
        check_end(c, NULL, e);
        return;
    }
    e = token_review_read(reply->body, v->audience, &identity);
    count_check(v, "review", e ? "refused" : "good");
    d = remember(v, c, identity, STEAL(e));
    check_end(c, d->identity, d->err);
}

/* False: it could not be sent, and 'c' has been answered. */
static bool
ask_review(struct token_check *c)
{
    struct token_verifier *v = c->verifier;
    AUTO(json_freep) json_t *review = NULL;
    AUTO(strbuf_fini) struct strbuf body = STRBUF_INIT(2 * TOKEN_MAX_BYTES);
    struct kube_call call = {
        .verb = KUBE_POST, .path = "/apis/authentication.k8s.io/v1/tokenreviews", .resource = "tokenreviews"};
    AUTO(err_freep) struct err *e = NULL;

    review = json_pack("{s:s, s:s, s:{s:s%, s:[s]}}", "apiVersion", "authentication.k8s.io/v1", "kind", "TokenReview",
                       "spec", "token", c->token, c->len, "audiences", v->audience);
    if (v->n_reviews >= REVIEWS_MAX || !review || !json_write(review, &body)) {
        count_check(v, "review", "error");
        e = err_new(ERR_RETRY, "too many token reviews at once");
        check_end(c, NULL, e);
        return false;
    }
    call.body = strbuf_str(&body);
    v->n_reviews++;
    c->review = kube_send(v->kube, &call, on_review, c);
    OPENSSL_cleanse(body.buf, body.len);
    return true;
}

/* True when keys (or what kept them from being known) settle it, and then 'c' is gone. */
static bool
try_keys(struct token_check *c)
{
    struct token_verifier *v = c->verifier;
    AUTO(token_identity_freep) struct token_identity *identity = NULL;
    AUTO(err_freep)
    struct err *e = token_verify(v->keys, v->issuer, v->audience, c->token, c->len, clock_wall_s(), &identity);

    if (e && err_class(e) == ERR_NOT_FOUND) {
        return false;
    }
    count_check(v, "keys", e ? "refused" : "good");
    check_end(c, identity, e);
    return true;
}

/* Keys are as new as they get: each check is settled by them or goes to the API server. */
static void
on_keys_settled(struct token_verifier *v)
{
    struct token_check *waiting = NULL, *c, *tmp;

    /* A 'done' may cancel other checks, so none is remembered across one: start over after each. */
    do {
        waiting = NULL;
        DL_FOREACH_SAFE(v->checks, c, tmp) {
            if (!c->review) {
                waiting = c;
                break;
            }
        }
        if (waiting && !try_keys(waiting)) {
            (void)ask_review(waiting); /* sent or answered: either way it waits for keys no more */
        }
    } while (waiting);
}

static void
fetch_ended(struct token_verifier *v, const struct err *e)
{
    if (v->metrics) {
        metrics_add(v->metrics, &keys_total, e ? "result=\"error\"" : "result=\"ok\"", 1);
    }
    if (e) {
        log_warn(&v->log, "published keys cannot be had, tokens are reviewed one by one", F_ERR(e));
    }
    on_keys_settled(v);
}

static void
on_timer(uv_timer_t *t)
{
    fetch_keys(t->data);
}

static void
plan_fetch(struct token_verifier *v, const struct err *e)
{
    uv_timer_start(&v->timer, on_timer, e ? KEYS_AGAIN_MS : KEYS_EVERY_MS, 0);
}

static void
on_keys(void *arg, const struct kube_reply *reply)
{
    struct token_verifier *v = arg;
    struct token_keys *keys = NULL;
    AUTO(err_freep) struct err *e = reply->err ? err_copy(reply->err) : token_keys_parse(reply->body, &keys);

    v->fetch = NULL;
    if (!e) {
        token_keys_free(v->keys);
        v->keys = keys;
        free(v->issuer);
        v->issuer = STEAL(v->next_issuer);
        log_info(&v->log, "published keys are known", F_I64("keys", token_keys_count(keys)));
    }
    plan_fetch(v, e);
    fetch_ended(v, e);
}

static void
on_issuer(void *arg, const struct kube_reply *reply)
{
    static const struct kube_call call = {.verb = KUBE_GET, .path = "/openid/v1/jwks", .resource = "jwks"};
    struct token_verifier *v = arg;
    const char *issuer = reply->err ? NULL : json_str(reply->body, "issuer");
    AUTO(err_freep) struct err *e = NULL;

    v->fetch = NULL;
    if (issuer) {
        free(v->next_issuer);
        v->next_issuer = xstrdup(issuer);
        v->fetch = kube_send(v->kube, &call, on_keys, v);
        return;
    }
    e = reply->err ? err_copy(reply->err) : err_new(ERR_RETRY, "the API server does not say who issues tokens");
    plan_fetch(v, e);
    fetch_ended(v, e);
}

static void
fetch_keys(struct token_verifier *v)
{
    static const struct kube_call call = {
        .verb = KUBE_GET, .path = "/.well-known/openid-configuration", .resource = "openid-configuration"};

    if (!v->fetch) {
        v->fetched_ms = clock_mono_ms();
        v->fetch = kube_send(v->kube, &call, on_issuer, v);
    }
}

struct token_check *
token_check(struct token_verifier *v, const char *token, size_t len, token_done_fn *done, void *arg)
{
    unsigned char digest[DIGEST_BYTES];
    struct verdict *d;
    struct token_check *c;

    digest_of(token, len, digest);
    d = find_verdict(v, digest);
    if (d) {
        count_check(v, "cache", d->err ? "refused" : "good");
        done(arg, d->identity, d->err);
        return NULL;
    }
    c = XNEW(struct token_check);
    c->verifier = v;
    c->token = xcalloc(1, len + 1);
    memcpy(c->token, token, len);
    c->len = len;
    c->done = done;
    c->arg = arg;
    DL_APPEND(v->checks, c);
    if (try_keys(c)) {
        return NULL;
    }
    if (!v->fetch && clock_mono_ms() - v->fetched_ms >= KEYS_AGAIN_MS) {
        fetch_keys(v);
    }
    if (v->fetch) {
        return c; /* goes on when the keys are there */
    }
    return ask_review(c) ? c : NULL;
}

void
token_check_cancel(struct token_check *c)
{
    if (c) {
        check_free(c);
    }
}

struct err *
token_verifier_new(uv_loop_t *loop, struct kube *kube, const char *audience, struct metrics *metrics,
                   struct token_verifier **ret_verifier)
{
    struct token_verifier *v = XNEW(struct token_verifier);

    v->log.part = "token";
    v->kube = kube;
    v->audience = xstrdup(audience);
    v->metrics = metrics;
    uv_timer_init(loop, &v->timer);
    v->timer.data = v;
    fetch_keys(v);
    *ret_verifier = v;
    return NULL;
}

static void
on_closed(uv_handle_t *h)
{
    free(h->data);
}

void
token_verifier_close(struct token_verifier *v)
{
    struct verdict *d, *tmp;

    if (!v) {
        return;
    }
    if (v->fetch) {
        kube_cancel(v->fetch);
    }
    while (v->checks) {
        check_free(v->checks);
    }
    HASH_ITER(hh, v->verdicts, d, tmp) {
        forget(v, d);
    }
    token_keys_free(v->keys);
    free(v->issuer);
    free(v->next_issuer);
    free(v->audience);
    uv_close((uv_handle_t *)&v->timer, on_closed);
}
