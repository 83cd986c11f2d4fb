// The pod's interfaces for secondary networks, as the node's CNI plugins made them.
#ifndef VMB_POD_TAPS_H
#define VMB_POD_TAPS_H

#include "domain/domain_view.h"

/* Looks at those that the instance has networks for. The array and its texts are the arena's. */
void pod_taps_read(const struct instance *i, struct arena *a, struct domain_facts *facts);

#endif
