// Which ports of an instance Services select. Pure.
#ifndef VMB_SERVICE_VIEW_H
#define VMB_SERVICE_VIEW_H

#include "api/kinds/vmi.h"
#include "cache/store.h"

/* The ports of all Services whose selector the instance's launcher pod satisfies, one of them perhaps more than once; 256 at most. */
struct port_list service_ports(struct arena *a, const struct vmi *vmi, const struct store *services);

#endif
