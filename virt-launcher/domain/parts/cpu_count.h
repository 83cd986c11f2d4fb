// Sockets, cores and threads of a spec. Pure.
#ifndef VMB_PART_CPU_COUNT_H
#define VMB_PART_CPU_COUNT_H

#include "api/kinds/vmi.h"

enum { CPU_COUNT_MAX = 512 };

struct cpu_count {
    int64_t sockets, cores, threads;
};

struct cpu_count cpu_count_of(const struct cpu *c);
/* sockets times cores times threads; CPU_COUNT_MAX + 1 when there are more. */
int64_t cpu_count_all(const struct cpu_count *n);

#endif
