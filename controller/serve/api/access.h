// Whether somebody may do something: SubjectAccessReviews, remembered for seconds. Loop thread only.
#ifndef VMB_ACCESS_H
#define VMB_ACCESS_H

#include "kube/request.h"

enum {
    ACCESS_GOOD_MS = 5000, /* a right that was taken away ends so soon */
    ACCESS_BAD_MS = 1000,
    ACCESS_KEPT_MAX = 1024,      /* answers that are remembered */
    ACCESS_TEXT_MAX = 48 * 1024, /* bytes of a review: of a user in very many groups */
};

struct access;
struct access_question;

enum access_verdict {
    ACCESS_GRANTED,
    ACCESS_DENIED,
    ACCESS_UNKNOWN, /* the API server did not say */
};

struct access_ask {
    const json_t *user; /* front_proxy_user */
    const char *verb;   /* "get", "update" */
    const char *version;
    const char *resource;
    const char *subresource; /* "start", "evacuate/cancel" */
    const char *namespace;
    const char *name;
    /* Called once, before access_review returns or later. 'why' is the API server's, borrowed, "" when it gives none. */
    void (*done)(void *arg, enum access_verdict verdict, const char *why);
    void *arg;
};

MUST_CHECK struct access *access_new(struct kube *kube);
/* NULL when 'done' was called already. Else good until it is. */
struct access_question *access_review(struct access *a, const struct access_ask *ask);
void access_cancel(struct access_question *q); /* NULL is nothing */
/* Nobody waits. Before kube_close. NULL is nothing. */
void access_free(struct access *a);

#endif
