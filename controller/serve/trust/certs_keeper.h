// Keeps the certificates in one Secret that all replicas share: reads or creates it, reads it again every minute; the leader renews.
#ifndef VMB_CERTS_KEEPER_H
#define VMB_CERTS_KEEPER_H

#include "kube/request.h"
#include "serve/trust/certs.h"

#define CERTS_SERVICE "vmbridge-gateway"

struct certs;

struct certs_options {
    const char *namespace;             /* of the controller; copied */
    const struct certs_policy *policy; /* NULL: the default; copied */
    int64_t reread_ms;                 /* 0: one minute */
    struct metrics *metrics;           /* borrowed, may be NULL */
};

/* Called from the loop for the first set and at each change; 'set' is borrowed and valid until the next call. */
typedef void certs_changed_fn(void *arg, const struct certs_set *set);

MUST_CHECK struct err *certs_new(uv_loop_t *loop, struct kube *kube, const struct certs_options *options,
                                 certs_changed_fn *changed, void *arg, struct certs **ret_certs);
/* The current set, NULL before the first one. */
const struct certs_set *certs_current(const struct certs *c);
/* Why there is no usable set, for readiness; NULL when there is one. Valid until the loop runs on. */
const char *certs_problem(const struct certs *c);
/* Only the leader renews. Starts as false. */
void certs_set_leader(struct certs *c, bool leads);
/* The memory goes when the loop has closed the handles. Before kube_close. NULL is nothing. */
void certs_close(struct certs *c);

#endif
