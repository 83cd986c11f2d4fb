// Decides whether a token is good, asking the API server for keys, or for a verdict when keys do not settle it.
// Holds no token longer than a check lasts.
#include "serve/trust/token.h"

#include <openssl/crypto.h>
#include <utlist.h>

#include "base/clock.h"
#include "serve/trust/review_limit.h"
#include "serve/trust/token_verdicts.h"

enum {
    KEYS_EVERY_MS = 3600 * 1000, /* published keys are read again */
    KEYS_AGAIN_MS = 10 * 1000,   /* at most that often for an unknown key, or after a failure */
};

static const struct metric checks_total = {
    .name = "vmbridge_token_checks_total",
    .help = "Launcher tokens checked, by how (keys, review, cache, limit: not asked now, pod: none such is known) and "
            "result.",
    .type = METRIC_COUNTER,
};
static const struct metric keys_total = {
    .name = "vmbridge_token_key_fetches_total",
    .help = "Fetches of the cluster's published keys, by result.",
    .type = METRIC_COUNTER,
};

struct token_check {
    struct token_verifier *verifier;
    struct token_question q;        /* 'token' and 'peer' are its own */
    struct token_identity *claimed; /* what the token says, not proven */
    char *key_id;                   /* that it names */
    struct kube_request *review;    /* NULL: it waits for keys */
    enum review_share share;        /* of the review */
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
    struct review_limit *limit;
    struct token_verdicts *verdicts;
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

/* Takes 'claimed' and 'key_id'. */
static struct token_check *
check_new(struct token_verifier *v, const struct token_question *q, struct token_identity *claimed, char *key_id)
{
    struct token_check *c = XNEW(struct token_check);
    char *token = xcalloc(1, q->len + 1);

    memcpy(token, q->token, q->len);
    c->verifier = v;
    c->q = *q;
    c->q.token = token;
    c->q.peer = xstrdup(q->peer);
    c->claimed = claimed;
    c->key_id = key_id;
    DL_APPEND(v->checks, c);
    return c;
}

static void
check_free(struct token_check *c)
{
    if (c->review) {
        kube_cancel(c->review);
        review_limit_end(c->verifier->limit, c->q.peer, c->share, REVIEW_UNKNOWN);
    }
    DL_DELETE(c->verifier->checks, c);
    OPENSSL_cleanse((char *)(uintptr_t)c->q.token, c->q.len);
    free((char *)(uintptr_t)c->q.token);
    free((char *)(uintptr_t)c->q.peer);
    token_identity_free(c->claimed);
    free(c->key_id);
    free(c);
}

/* Answers and frees. The check is gone before 'done' runs, so that 'done' may start or cancel others. */
static void
check_end(struct token_check *c, const struct token_identity *identity, const struct err *err)
{
    const struct token_question q = c->q;

    check_free(c);
    q.done(q.arg, identity, err);
}

/* A token that the API server accepts tells the truth about its end. */
static void
take_end(struct token_identity *identity, const struct token_identity *claimed)
{
    if (identity && str_eq(identity->pod_uid, claimed->pod_uid)) {
        identity->expires_s = claimed->expires_s;
    }
}

static void
on_review(void *arg, const struct kube_reply *reply)
{
    struct token_check *c = arg;
    struct token_verifier *v = c->verifier;
    struct token_identity *identity = NULL;
    AUTO(err_freep) struct err *e = reply->err ? NULL : token_review_read(reply->body, v->audience, &identity);
    const enum review_end end = reply->err ? REVIEW_UNKNOWN : e ? REVIEW_REFUSED : REVIEW_GOOD;
    const struct token_verdict *d;

    c->review = NULL;
    review_limit_end(v->limit, c->q.peer, c->share, end);
    if (reply->err) {
        count_check(v, "review", "error");
        e = err_new(ERR_RETRY, "token review: %s", err_text(reply->err));
        check_end(c, NULL, e);
        return;
    }
    count_check(v, "review", e ? "refused" : "good");
    take_end(identity, c->claimed);
    d = token_verdicts_keep(v->verdicts, c->q.token, c->q.len, identity, STEAL(e));
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

    c->share = review_limit_begin(v->limit, c->q.peer, clock_mono_ms());
    if (c->share == REVIEW_NOT_NOW) {
        AUTO(err_freep) struct err *e = err_new(ERR_RETRY, "too many token reviews");
        count_check(v, "limit", "error");
        check_end(c, NULL, e);
        return false;
    }
    review = json_pack("{s:s, s:s, s:{s:s%, s:[s]}}", "apiVersion", "authentication.k8s.io/v1", "kind", "TokenReview",
                       "spec", "token", c->q.token, c->q.len, "audiences", v->audience);
    BUG_ON(!review || !json_write(review, &body)); /* the signs of a token are few, and its size is bounded */
    call.body = strbuf_str(&body);
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
    struct err *e = token_verify(v->keys, v->issuer, v->audience, c->q.token, c->q.len, clock_wall_s(), &identity);

    if (e && err_class(e) == ERR_NOT_FOUND) {
        return false;
    }
    count_check(v, "keys", e ? "refused" : "good");
    check_end(c, identity, e);
    return true;
}

/* Keys are as new as they get: each check is settled by them or goes to the API server. */
static void
on_keys_settled(struct token_verifier *v, bool is_read)
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
            if (is_read) {
                token_verdicts_keep_lack(v->verdicts, waiting->key_id);
            }
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
    on_keys_settled(v, !e);
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

static void
answer(const struct token_question *q, enum err_class class, const char *text)
{
    AUTO(err_freep) struct err *e = err_new(class, "%s", text);

    q->done(q->arg, NULL, e);
}

/* True: the answer is known without the API server, and was given. */
static bool
is_settled(struct token_verifier *v, const struct token_question *q)
{
    const struct token_verdict *d;
    AUTO(token_identity_freep) struct token_identity *identity = NULL;
    AUTO(err_freep)
    struct err *e = token_verify(v->keys, v->issuer, v->audience, q->token, q->len, clock_wall_s(), &identity);

    if (!e || err_class(e) != ERR_NOT_FOUND) {
        count_check(v, "keys", e ? "refused" : "good");
        q->done(q->arg, identity, e);
        return true;
    }
    d = token_verdicts_find(v->verdicts, q->token, q->len);
    if (d) {
        count_check(v, "cache", d->err ? "refused" : "good");
        q->done(q->arg, d->identity, d->err);
    }
    return d;
}

struct token_check *
token_check(struct token_verifier *v, const struct token_question *q)
{
    AUTO(token_identity_freep) struct token_identity *claimed = NULL;
    AUTO(freep) char *key_id = NULL;
    AUTO(err_freep) struct err *e = NULL;

    if (is_settled(v, q)) {
        return NULL;
    }
    e = token_claimed(v->audience, q->token, q->len, clock_wall_s(), &claimed, &key_id);
    if (e) { /* it has just expired */
        answer(q, ERR_INVALID, err_text(e));
        return NULL;
    }
    if (q->is_worth && !q->is_worth(q->arg, claimed)) {
        count_check(v, "pod", "refused");
        answer(q, ERR_NOT_FOUND, "token names a pod that is not known (yet)");
        return NULL;
    }
    bool may_be_new = !token_verdicts_lacks_key(v->verdicts, key_id);
    struct token_check *c = check_new(v, q, STEAL(claimed), STEAL(key_id));
    if (may_be_new && clock_mono_ms() - v->fetched_ms >= KEYS_AGAIN_MS) {
        fetch_keys(v);
    }
    if (may_be_new && v->fetch) {
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
    v->limit = review_limit_new();
    v->verdicts = token_verdicts_new();
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
    if (!v) {
        return;
    }
    if (v->fetch) {
        kube_cancel(v->fetch);
    }
    while (v->checks) {
        check_free(v->checks);
    }
    token_verdicts_free(v->verdicts);
    review_limit_free(v->limit);
    token_keys_free(v->keys);
    free(v->issuer);
    free(v->next_issuer);
    free(v->audience);
    uv_close((uv_handle_t *)&v->timer, on_closed);
}
