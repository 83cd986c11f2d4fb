// CPUs and NUMA nodes of the node that are the guest's own.
#include "domain/parts.h"
#include "domain/parts/cpu_count.h"

#define REALTIME_PRIORITY 1
#define CPU "spec.domain.cpu"

enum { CELLS_TEXT_MAX = 4096 };

static struct cpu_wish
wish_of(const struct domain_view *v)
{
    const struct cpu *c = &v->instance->spec.domain.cpu;
    struct cpu_count n = cpu_count_of(c);

    return (struct cpu_wish){.cores = n.sockets * n.cores,
                             .threads = n.threads,
                             .others = (v->io.is_pool ? v->io.n : 0) + (c->isolate_emulator == TRI_TRUE),
                             .stays_on_nodes = c->passes_numa};
}

static bool
is_on(const struct cpu_pins *p, int node)
{
    for (size_t i = 0; i < p->n_vcpus; i++) {
        if (p->vcpus[i]->node == node) {
            return true;
        }
    }
    return false;
}

static int
highest_node(const struct cpu_pins *p)
{
    int highest = 0;

    for (size_t i = 0; i < p->n_vcpus; i++) {
        highest = p->vcpus[i]->node > highest ? p->vcpus[i]->node : highest;
    }
    return highest;
}

static const char *
cpus_on(const struct domain_view *v, int node)
{
    AUTO(strbuf_fini) struct strbuf text = STRBUF_INIT(CELLS_TEXT_MAX);

    for (size_t i = 0; i < v->pins->n_vcpus; i++) {
        if (v->pins->vcpus[i]->node == node) {
            strbuf_addf(&text, "%s%zu", text.len > 0 ? "," : "", i);
        }
    }
    return arena_strdup(v->arena, strbuf_str(&text));
}

/* A cell for each NUMA node that has a CPU of the guest; the pages are spread evenly, the first ones have what is left over. */
static struct err *
make_cells(struct domain_view *v)
{
    int highest = highest_node(v->pins);
    struct guest_cell *cells = ARENA_NEW_N(v->arena, struct guest_cell, (size_t)highest + 1);

    for (int node = 0; node <= highest; node++) {
        if (is_on(v->pins, node)) {
            cells[v->n_cells++] = (struct guest_cell){.node = node, .cpus = cpus_on(v, node)};
        }
    }
    int64_t n_cells = (int64_t)v->n_cells, page = v->page_bytes > 0 ? v->page_bytes : 1;
    int64_t pages = v->memory_bytes / page;
    if (pages < n_cells) {
        return err_new(ERR_INVALID, "spec.domain.memory.guest: less than a huge page for each of %lld NUMA nodes",
                       (long long)n_cells);
    }
    for (int64_t i = 0; i < n_cells; i++) {
        cells[i].bytes = (pages / n_cells + (i < pages % n_cells)) * page;
    }
    v->cells = cells;
    return NULL;
}

static struct err *
check_rights(const struct domain_view *v)
{
    const struct cpu *c = &v->instance->spec.domain.cpu;

    if (c->passes_numa && !v->facts.may_bind_memory) {
        return err_new(ERR_RETRY, CPU ".numa: this pod may not bind memory to NUMA nodes; its seccomp profile must "
                                      "allow mbind and set_mempolicy");
    }
    if (c->realtime && v->is_emulated) {
        return err_new(ERR_INVALID, CPU ".realtime: guests are emulated here, and have no threads of that kind");
    }
    if (c->realtime && !v->facts.may_run_realtime) {
        return err_new(ERR_RETRY, CPU ".realtime: this pod may not run threads before all else, or not lock their "
                                      "memory; the container runtime must give it RLIMIT_RTPRIO and RLIMIT_MEMLOCK");
    }
    return NULL;
}

static struct err *
resolve_cpu_tune(struct domain_view *v)
{
    const struct cpu *c = &v->instance->spec.domain.cpu;
    struct err *e = check_rights(v);

    if (e || c->dedicated != TRI_TRUE) {
        return e;
    }
    struct cpu_pins *pins = ARENA_NEW(v->arena, struct cpu_pins);
    const struct cpu_wish wish = wish_of(v);
    e = cpu_pins_make(v->facts.cpus, v->facts.n_cpus, &wish, v->arena, pins);
    if (e) {
        return err_wrap(e, CPU ".dedicatedCpuPlacement");
    }
    v->pins = pins;
    v->is_realtime = c->realtime != NULL;
    v->keeps_all_its_pages = true;
    return c->passes_numa ? make_cells(v) : NULL;
}

static void
write_pin(const char *name, const char *key, int64_t which, const struct node_cpu *c, struct xml *x)
{
    xml_open(x, name);
    if (key) {
        xml_attr_int(x, key, which);
    }
    xml_attr_int(x, "cpuset", c->id);
    xml_close(x);
}

/* Threads for disks are where QEMU is, or spread evenly over the CPUs of the guest. */
static void
write_io_pins(const struct domain_view *v, const struct node_cpu *emulator, struct xml *x)
{
    const struct cpu_pins *p = v->pins;
    int64_t n_cpus = (int64_t)p->n_vcpus;

    for (int64_t i = 0; n_cpus > 0 && i < v->io.n && !v->io.is_pool; i++) {
        int64_t from = v->io.n < n_cpus ? i * n_cpus / v->io.n : i % n_cpus;
        int64_t to = v->io.n < n_cpus ? (i + 1) * n_cpus / v->io.n : from + 1;
        AUTO(strbuf_fini) struct strbuf set = STRBUF_INIT(CELLS_TEXT_MAX);
        for (int64_t k = from; k < to && !emulator; k++) {
            strbuf_addf(&set, "%s%d", k > from ? "," : "", p->vcpus[k]->id);
        }
        if (emulator) {
            strbuf_addf(&set, "%d", emulator->id);
        }
        xml_open(x, "iothreadpin");
        xml_attr_int(x, "iothread", i + 1);
        xml_attr(x, "cpuset", strbuf_str(&set));
        xml_close(x);
    }
}

static void
write_realtime(const struct domain_view *v, struct xml *x)
{
    const struct realtime *r = v->instance->spec.domain.cpu.realtime;
    const char *all = arena_printf(v->arena, "0-%zu", v->pins->n_vcpus - 1);

    xml_open(x, "vcpusched");
    xml_attr(x, "vcpus", str_empty(r->mask) ? all : r->mask);
    xml_attr(x, "scheduler", "fifo");
    xml_attr_int(x, "priority", REALTIME_PRIORITY);
    xml_close(x);
}

/* QEMU's emulated processors are not threads that libvirt knows; the pod's CPUs are the guest's own all the same. */
static void
write_pins(const struct domain_view *v, struct xml *x)
{
    const struct cpu_pins *p = v->pins;
    bool is_isolated = v->instance->spec.domain.cpu.isolate_emulator == TRI_TRUE;
    const struct node_cpu *emulator = is_isolated ? p->others[p->n_others - 1] : NULL;

    xml_open(x, "cputune");
    for (size_t i = 0; i < p->n_vcpus; i++) {
        write_pin("vcpupin", "vcpu", (int64_t)i, p->vcpus[i], x);
    }
    if (emulator) {
        write_pin("emulatorpin", NULL, 0, emulator, x);
    }
    for (int64_t i = 0; v->io.is_pool && i < v->io.n; i++) {
        write_pin("iothreadpin", "iothread", i + 1, p->others[i], x);
    }
    write_io_pins(v, emulator, x);
    if (v->is_realtime) {
        write_realtime(v, x);
    }
    xml_close(x);
}

static void
write_nodes(const struct domain_view *v, struct xml *x)
{
    AUTO(strbuf_fini) struct strbuf nodes = STRBUF_INIT(CELLS_TEXT_MAX);

    for (size_t i = 0; i < v->n_cells; i++) {
        strbuf_addf(&nodes, "%s%d", i > 0 ? "," : "", v->cells[i].node);
    }
    xml_open(x, "numatune");
    xml_empty(x, "memory", "mode", "strict", "nodeset", strbuf_str(&nodes), NULL);
    for (size_t i = 0; i < v->n_cells; i++) {
        xml_open(x, "memnode");
        xml_attr_int(x, "cellid", (int64_t)i);
        xml_attr(x, "mode", "strict");
        xml_attr_int(x, "nodeset", v->cells[i].node);
        xml_close(x);
    }
    xml_close(x);
}

static void
write_cpu_tune(const struct domain_view *v, struct xml *x)
{
    if (v->pins && !v->is_emulated) {
        write_pins(v, x);
    }
    if (v->n_cells > 0) {
        write_nodes(v, x);
    }
}

const struct part part_cpu_tune = {
    .name = "cpu_tune",
    .elements = "cputune numatune",
    .about = "On which CPUs and NUMA nodes of the node a guest is that has some of its own.",
    .resolve = resolve_cpu_tune,
    .write = write_cpu_tune,
};
