// What is not said is one.
#include "domain/parts/cpu_count.h"

static int64_t
at_least_one(const struct opt_int *o)
{
    return o->set && o->v > 0 ? o->v : 1;
}

struct cpu_count
cpu_count_of(const struct cpu *c)
{
    return (struct cpu_count){
        .sockets = at_least_one(&c->sockets), .cores = at_least_one(&c->cores), .threads = at_least_one(&c->threads)};
}

int64_t
cpu_count_all(const struct cpu_count *n)
{
    bool is_sane = n->sockets <= CPU_COUNT_MAX && n->cores <= CPU_COUNT_MAX && n->threads <= CPU_COUNT_MAX;
    int64_t all = is_sane ? n->sockets * n->cores * n->threads : CPU_COUNT_MAX + 1;

    return all <= CPU_COUNT_MAX ? all : CPU_COUNT_MAX + 1;
}
