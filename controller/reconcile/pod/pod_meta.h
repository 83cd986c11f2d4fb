// Which labels and annotations of an instance its launcher pod gets: they decide what other admission lets the pod do. Pure.
#ifndef VMB_POD_META_H
#define VMB_POD_META_H

#include "reconcile/config.h"

bool pod_label_passes(const char *key);
/* By the list of the configuration, or the one that holds when there is none. Never what vmbridge itself writes or Kubernetes keeps for
 * itself. */
bool pod_annotation_passes(const struct config *c, const char *key);

#endif
