// How far a DataVolume is: CDI makes a claim of its name and fills it. Pure.
#ifndef VMB_DATA_VOLUME_VIEW_H
#define VMB_DATA_VOLUME_VIEW_H

#include "cache/store.h"

enum data_volume_step {
    DATA_VOLUME_UNSERVED,   /* the cluster has no CDI */
    DATA_VOLUME_UNREADABLE, /* it has, and the API server refuses to list DataVolumes */
    DATA_VOLUME_MISSING,
    DATA_VOLUME_FAILED,
    DATA_VOLUME_FILLING,
    DATA_VOLUME_UNCLAIMED, /* it waits for a pod on its claim, which would find the claim empty */
    DATA_VOLUME_READY,     /* the claim is filled, or will be before a pod on it starts */
};

struct data_volume_view {
    const char *name;
    enum data_volume_step step;
    const char *message; /* a sentence on what is not ready; NULL: nothing is to be said */
};

/* Errors: none; of one that cannot be read no more is known than that it is being filled. */
void data_volume_read(struct arena *a, const struct store *data_volumes, const char *namespace, const char *name,
                      struct data_volume_view *ret_view);

/* Whether the object of that metadata is controlled by a DataVolume. */
bool data_volume_owns(const json_t *meta);

#endif
