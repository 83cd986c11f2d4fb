// Volumes and mounts of the launcher pod. Pure.
#ifndef VMB_POD_VOLUMES_H
#define VMB_POD_VOLUMES_H

#include "api/kinds/instance.h"
#include "reconcile/vmi/vmi_view.h"

struct pod_volumes {
    json_t *volumes; /* the caller owns all four arrays */
    json_t *mounts;
    json_t *devices;
    json_t *pull_secrets;
};

struct pod_volumes pod_volumes_make(const struct vmi_view *v);

#endif
