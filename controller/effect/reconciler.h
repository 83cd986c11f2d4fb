// The engine: caches feed the queue, keys become views, views plans, plans calls; results go back to the queue by error class. Loop thread only.
#ifndef VMB_RECONCILER_H
#define VMB_RECONCILER_H

#include "api/rules/identity.h"
#include "base/log.h"
#include "base/metrics.h"
#include "kube/request.h"

struct reconciler_options {
    const char *namespace; /* the controller's: where its KubeVirt object is; copied, as are the others */
    const char *launcher_image;
    const char *gateway;      /* "host:port" that launchers dial */
    const char *gateway_name; /* name in its certificate */
    const char *instance;     /* name of this replica, for events */
    const char *version;
    struct metrics *metrics;                                        /* borrowed; may be NULL */
    bool (*send)(void *arg, const char *pod_uid, const char *text); /* to a launcher; false: not connected */
    /* What reconciler_who says of a pod may be another answer from now on; 'is_gone': it is gone, or its instance. NULL: nobody asks */
    void (*pod_changed)(void *arg, const char *pod_uid, bool is_gone);
    void *arg;
};

struct reconciler;

/* Starts to watch at once; acts only between reconciler_lead(true) and (false). Borrows 'kube'. */
MUST_CHECK struct err *reconciler_new(uv_loop_t *loop, struct kube *kube, const struct reconciler_options *options,
                                      struct reconciler **ret_reconciler);

void reconciler_lead(struct reconciler *r, bool leads);
/* The kind that the caches still miss, by its resource; NULL: they are whole. */
const char *reconciler_waits_for(const struct reconciler *r);

/* What launchers check the gateway with: the pins of its CAs, and for launchers of older versions the CAs as PEM. Copied. */
void reconciler_set_ca(struct reconciler *r, const char *pins, const char *ca_bundle);

/* What names of launcher pods are made with; before the first reconciler_lead(true). Copied. */
void reconciler_set_pod_key(struct reconciler *r, const struct pod_key *key);

/* From the gateway (serve/gateway/gateway.h): which VMI runs in a pod, and what its launcher says. */
bool reconciler_who(struct reconciler *r, const char *namespace, const char *pod_name, const char *pod_uid,
                    const char **ret_vmi_uid);
void reconciler_launcher_up(struct reconciler *r, const char *vmi_uid, const char *pod_uid);
void reconciler_launcher_down(struct reconciler *r, const char *vmi_uid, const char *pod_uid);
void reconciler_launcher_state(struct reconciler *r, const char *vmi_uid, const char *pod_uid, const char *text,
                               size_t len);

/* Feeds the gauges: queue length, objects and bytes per kind. */
void reconciler_metrics(struct reconciler *r);

/* Stops watches and runs. Before kube_close; the memory goes when the loop has closed the handles. */
void reconciler_close(struct reconciler *r);

#endif
