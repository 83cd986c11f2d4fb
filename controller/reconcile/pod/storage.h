// Room on the node's disk for a launcher pod: its requests and limits (docs/launcher.md). A pod beyond its limit is evicted and its guest
// ends, so limits have room. Pure.
#ifndef VMB_STORAGE_H
#define VMB_STORAGE_H

#include "reconcile/config.h"

struct storage_need {
    int64_t requested;  /* bytes of the pod that are sure to be used, or that the user declared */
    int64_t data_limit; /* of the launcher's folder: disks that live as long as the pod, and its own files */
    int64_t limit;      /* of the pod: that, and logs */
};

/* 'spec' has its defaults. Sums of a tenant's numbers saturate. */
struct storage_need storage_need(const struct vmi_spec *spec, const struct config *c);

#endif
