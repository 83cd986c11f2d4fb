// A review's text is its key: what is remembered is exactly what was asked.
#include "serve/api/access.h"

#include <uthash.h>

#include "base/clock.h"

enum { REVIEW_MS = 10 * 1000, WHY_SIZE = 256 };

#define REVIEWS_PATH "/apis/authorization.k8s.io/v1/subjectaccessreviews"

struct verdict {
    char *text;
    bool is_granted;
    int64_t until_ms;
    char why[WHY_SIZE];
    UT_hash_handle hh;
};

struct access {
    struct kube *kube;
    struct verdict *verdicts; /* the oldest first, which is how uthash keeps them */
};

struct access_question {
    struct access *access;
    char *text;
    void (*done)(void *arg, enum access_verdict verdict, const char *why);
    void *arg;
    struct kube_request *request;
};

struct access *
access_new(struct kube *kube)
{
    struct access *a = XNEW(struct access);

    a->kube = kube;
    return a;
}

static void
forget(struct access *a, struct verdict *v)
{
    HASH_DEL(a->verdicts, v);
    free(v->text);
    free(v);
}

void
access_free(struct access *a)
{
    while (a && a->verdicts) {
        forget(a, a->verdicts);
    }
    free(a);
}

static const struct verdict *
recall(struct access *a, const char *text)
{
    struct verdict *v = NULL;

    HASH_FIND_STR(a->verdicts, text, v);
    if (v && v->until_ms <= clock_mono_ms()) {
        forget(a, v);
        return NULL;
    }
    return v;
}

/* Takes 'text'. */
static void
remember(struct access *a, char *text, bool is_granted, const char *why)
{
    struct verdict *v = NULL;

    HASH_FIND_STR(a->verdicts, text, v);
    if (v) { /* somebody asked the same meanwhile */
        forget(a, v);
    }
    while (HASH_COUNT(a->verdicts) >= ACCESS_KEPT_MAX) {
        forget(a, a->verdicts);
    }
    v = XNEW(struct verdict);
    v->text = text;
    v->is_granted = is_granted;
    v->until_ms = clock_mono_ms() + (is_granted ? ACCESS_GOOD_MS : ACCESS_BAD_MS);
    snprintf(v->why, sizeof(v->why), "%s", why);
    HASH_ADD_KEYPTR(hh, a->verdicts, v->text, strlen(v->text), v);
}

static json_t *
review_of(const struct access_ask *ask)
{
    json_t *attributes = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "group", "subresources.kubevirt.io",
                                   "version", ask->version, "resource", ask->resource, "subresource", ask->subresource,
                                   "namespace", ask->namespace, "name", ask->name, "verb", ask->verb);
    json_t *spec = json_copy((json_t *)(uintptr_t)ask->user); /* of the user nothing is changed */

    BUG_ON(!attributes || !spec);
    BUG_ON(json_object_set_new(spec, "resourceAttributes", attributes) != 0);
    json_t *review = json_pack("{s:s, s:s, s:o}", "apiVersion", "authorization.k8s.io/v1", "kind",
                               "SubjectAccessReview", "spec", spec);
    BUG_ON(!review);
    return review;
}

static void
end(struct access_question *q, enum access_verdict verdict, const char *why)
{
    q->done(q->arg, verdict, why);
    free(q->text);
    free(q);
}

static void
on_answer(void *arg, const struct kube_reply *reply)
{
    struct access_question *q = arg;
    const json_t *status = reply->err ? NULL : json_object_get(reply->body, "status");
    const char *why = json_str(status, "reason");

    if (!json_is_object(status)) {
        end(q, ACCESS_UNKNOWN, reply->err ? err_text(reply->err) : "");
        return;
    }
    bool is_granted = json_bool(status, "allowed", false) && !json_bool(status, "denied", false);
    remember(q->access, STEAL(q->text), is_granted, why ? why : "");
    end(q, is_granted ? ACCESS_GRANTED : ACCESS_DENIED, why ? why : "");
}

struct access_question *
access_review(struct access *a, const struct access_ask *ask)
{
    AUTO(json_freep) json_t *review = review_of(ask);
    AUTO(freep) char *text = json_compact(review);
    const struct verdict *known = recall(a, text);

    if (known) {
        ask->done(ask->arg, known->is_granted ? ACCESS_GRANTED : ACCESS_DENIED, known->why);
        return NULL;
    }
    if (strlen(text) > ACCESS_TEXT_MAX) {
        ask->done(ask->arg, ACCESS_UNKNOWN, "the user is in more groups than can be asked about");
        return NULL;
    }
    struct access_question *q = XNEW(struct access_question);
    const struct kube_call call = {.verb = KUBE_POST,
                                   .path = REVIEWS_PATH,
                                   .resource = "subjectaccessreviews",
                                   .body = text,
                                   .timeout_ms = REVIEW_MS};
    *q = (struct access_question){.access = a, .done = ask->done, .arg = ask->arg};
    q->request = kube_send(a->kube, &call, on_answer, q);
    q->text = STEAL(text);
    return q;
}

void
access_cancel(struct access_question *q)
{
    if (q) {
        kube_cancel(q->request);
        free(q->text);
        free(q);
    }
}
