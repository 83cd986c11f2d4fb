// Everything the sync of a node may read. Borrows; all memory is the sync's arena.
#ifndef VMB_NODE_VIEW_H
#define VMB_NODE_VIEW_H

#include "api/kinds/node_capabilities.h"
#include "reconcile/sources.h"

struct node_view {
    struct arena *arena;
    const struct kind *kind; /* of nodes; set by who plans */
    const struct config *config;
    const char *namespace; /* the controller's own, of the Jobs */
    int64_t now_s;
    struct meta node;
    const char *boot_id;
    bool takes_guests; /* by system, architecture and, unless guests are emulated, by the devices that it offers */
    const char *job;   /* name of the Job that asks what is to be known now */
    bool has_job;
    bool job_failed;
    bool has_object;
    struct node_capabilities object;          /* empty without one */
    bool is_current;                          /* the object has the answer of 'job' */
    const struct domain_capabilities *answer; /* of that Job's pod, or NULL */
    const char *failure;                      /* last words of a pod of it that failed, or NULL */
    size_t n_asking;                          /* pods of Jobs for any node that have not ended */
};

/* Errors: ERR_INVALID when the node's JSON cannot be read. */
MUST_CHECK struct err *node_view_make(struct arena *a, const struct sources *src, const struct object *node,
                                      int64_t now_s, struct node_view *ret_view);

#endif
