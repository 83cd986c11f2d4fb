// Reads from the environment which devices of the node the pod was given.
#ifndef VMB_HOST_RESOURCES_H
#define VMB_HOST_RESOURCES_H

#include "api/kinds/instance.h"
#include "domain/domain_facts.h"

/* What the environment says of the resources that the instance names. The array is the arena's, the texts are the environment's. */
void host_resources_read(const struct instance *i, struct arena *a, struct domain_facts *facts);

#endif
