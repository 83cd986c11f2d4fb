// Devices of nodes that a guest has: which it may have, and what its pod asks for. Pure.
#ifndef VMB_NODE_DEVICES_H
#define VMB_NODE_DEVICES_H

#include "reconcile/config.h"

/* Why an instance may not have a device that it names, a sentence of the arena's; NULL: it may. */
const char *node_devices_refused(const struct domain_spec *d, const struct config *c, struct arena *a);

/* Adds to a container's limits one share of the resource of each device. */
void node_devices_limit(const struct domain_spec *d, json_t *limits);

#endif
