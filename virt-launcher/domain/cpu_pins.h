// Which CPUs of the node the threads of a guest run on that has CPUs of its own. Pure.
#ifndef VMB_CPU_PINS_H
#define VMB_CPU_PINS_H

#include "base/arena.h"
#include "base/err.h"
#include "domain/domain_facts.h"

struct cpu_wish {
    int64_t cores;       /* of the guest, over all sockets */
    int64_t threads;     /* of each: they share a core of the node where that goes */
    int64_t others;      /* threads that want a CPU each: of a pool for disks, of QEMU itself */
    bool stays_on_nodes; /* threads of one core are never on two NUMA nodes */
};

struct cpu_pins {
    const struct node_cpu **vcpus; /* one each, in the guest's order */
    size_t n_vcpus;
    const struct node_cpu **others;
    size_t n_others;
};

/* Gives away 'cpus', whole cores first and one NUMA node after the other. The result is the arena's.
 * Errors: ERR_RETRY when there are too few, or more than the wish: then they are not the guest's alone. */
MUST_CHECK struct err *cpu_pins_make(const struct node_cpu *cpus, size_t n, const struct cpu_wish *wish,
                                     struct arena *a, struct cpu_pins *ret_pins);

#endif
