// CPUs are taken from whole cores, then from one NUMA node, then from anywhere.
#include "domain/cpu_pins.h"

struct pool {
    const struct node_cpu *cpus;
    size_t n;
    bool *is_taken;
};

enum reach { OF_CORE, OF_NODE, OF_ALL };

static bool
is_near(const struct node_cpu *c, const struct node_cpu *first, enum reach reach)
{
    bool is_on_node = reach == OF_ALL || c->node == first->node;

    return is_on_node && (reach != OF_CORE || c->core == first->core);
}

static int64_t
count_near(const struct pool *p, size_t first, enum reach reach)
{
    int64_t n = 0;

    for (size_t i = 0; i < p->n; i++) {
        n += !p->is_taken[i] && is_near(&p->cpus[i], &p->cpus[first], reach);
    }
    return n;
}

/* Takes 'wanted' CPUs that are near the one at 'first', unless there are fewer. */
static bool
take_near(struct pool *p, size_t first, enum reach reach, int64_t wanted, const struct node_cpu **to)
{
    int64_t n = 0;

    if (count_near(p, first, reach) < wanted) {
        return false;
    }
    for (size_t i = first; n < wanted; i++) { /* no free one lies before the first free one that is near */
        if (!p->is_taken[i] && is_near(&p->cpus[i], &p->cpus[first], reach)) {
            p->is_taken[i] = true;
            to[n++] = &p->cpus[i];
        }
    }
    return true;
}

static bool
take(struct pool *p, enum reach reach, int64_t wanted, const struct node_cpu **to)
{
    for (size_t i = 0; i < p->n; i++) {
        if (!p->is_taken[i] && take_near(p, i, reach, wanted, to)) {
            return true;
        }
    }
    return false;
}

/* The threads of one core of the guest. */
static bool
take_core(struct pool *p, const struct cpu_wish *w, const struct node_cpu **to)
{
    return take(p, OF_CORE, w->threads, to) || take(p, OF_NODE, w->threads, to) ||
           (!w->stays_on_nodes && take(p, OF_ALL, w->threads, to));
}

/* Neighbours beside each other. */
static int
near_order(const void *a, const void *b)
{
    const struct node_cpu *x = a, *y = b;

    if (x->node != y->node) {
        return x->node < y->node ? -1 : 1;
    }
    if (x->core != y->core) {
        return x->core < y->core ? -1 : 1;
    }
    return x->id < y->id ? -1 : x->id > y->id;
}

static const struct node_cpu *
sorted(const struct node_cpu *cpus, size_t n, struct arena *a)
{
    struct node_cpu *copy = ARENA_NEW_N(a, struct node_cpu, n);

    for (size_t i = 0; i < n; i++) {
        copy[i] = cpus[i];
    }
    if (n > 0) {
        qsort(copy, n, sizeof(*copy), near_order);
    }
    return copy;
}

struct err *
cpu_pins_make(const struct node_cpu *cpus, size_t n, const struct cpu_wish *wish, struct arena *a,
              struct cpu_pins *ret_pins)
{
    size_t n_vcpus = (size_t)(wish->cores * wish->threads);
    size_t n_others = (size_t)wish->others;
    struct pool p = {.cpus = sorted(cpus, n, a), .n = n, .is_taken = ARENA_NEW_N(a, bool, n)};
    const struct node_cpu **to = ARENA_NEW_N(a, const struct node_cpu *, n_vcpus + n_others);

    if (n != n_vcpus + n_others) {
        return err_new(ERR_RETRY,
                       "the node gives this pod %zu CPUs, which was to get %zu of its own: the kubelet there must have "
                       "the CPU manager policy static",
                       n, n_vcpus + n_others);
    }
    for (int64_t i = 0; i < wish->cores; i++) {
        if (!take_core(&p, wish, &to[i * wish->threads])) {
            return err_new(ERR_RETRY, "the threads of a core of the guest would be on two NUMA nodes");
        }
    }
    for (size_t i = 0; i < n_others; i++) {
        BUG_ON(!take(&p, OF_ALL, 1, &to[n_vcpus + i])); /* as many are left */
    }
    *ret_pins = (struct cpu_pins){.vcpus = to, .n_vcpus = n_vcpus, .others = to + n_vcpus, .n_others = n_others};
    return NULL;
}
