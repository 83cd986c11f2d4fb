// Paths that the cache keeps of every kind.
#ifndef VMB_KEPT_H
#define VMB_KEPT_H

/* clang-format off */
#define KEPT_META \
    "metadata.name", "metadata.namespace", "metadata.uid", "metadata.generation", "metadata.resourceVersion", \
    "metadata.creationTimestamp", "metadata.deletionTimestamp", "metadata.deletionGracePeriodSeconds", \
    "metadata.ownerReferences"
/* clang-format on */

#endif
