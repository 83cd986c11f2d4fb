// What of the image and of the node a machine may ask for beside disks and network.
#ifndef VMB_POD_MACHINE_H
#define VMB_POD_MACHINE_H

#include "base/arena.h"
#include "domain/domain_facts.h"

/* The C library of QEMU finds the zone; 'zone' is a name of the IANA database, NULL and "" are none. */
bool pod_has_timezone(const char *zone);

/* CPUs that this process may run on, by number, and where they are. The list is the arena's. */
const struct node_cpu *pod_cpus(struct arena *a, size_t *ret_n);

/* Whether memory may be bound to NUMA nodes, which seccomp profiles forbid. */
bool pod_may_bind_memory(void);

/* Whether threads of this user may have a realtime priority, and lock as much memory as there is. */
bool pod_may_run_realtime(void);

#endif
