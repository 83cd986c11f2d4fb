// What the virtual CPUs are like: model and topology. Their number is the family vcpu.
#include "domain/parts.h"
#include "domain/parts/cpu_count.h"

/* NULL: a model of its own. Emulated processors can do what QEMU can do; a host's model would only take away from that. */
static const char *
host_mode(const char *model, bool is_emulated)
{
    bool is_host = str_empty(model) || str_eq(model, "host-model") || str_eq(model, "host-passthrough");

    if (!is_host) {
        return NULL;
    }
    if (is_emulated) {
        return "maximum";
    }
    return str_empty(model) ? "host-model" : model;
}

static void
write_topology(const struct cpu *c, struct xml *x)
{
    struct cpu_count n = cpu_count_of(c);

    xml_open(x, "topology");
    xml_attr_int(x, "sockets", n.sockets);
    xml_attr_int(x, "cores", n.cores);
    xml_attr_int(x, "threads", n.threads);
    xml_close(x);
}

static void
write_cpu(const struct domain_view *v, struct xml *x)
{
    const struct cpu *c = &v->instance->spec.domain.cpu;
    const char *mode = host_mode(c->model, v->is_emulated);

    xml_open(x, "cpu");
    xml_attr(x, "mode", mode ? mode : "custom");
    if (!mode) {
        xml_attr(x, "match", "exact");
        xml_attr(x, "check", "none");
        xml_open(x, "model");
        xml_attr(x, "fallback", "allow");
        xml_text(x, c->model);
        xml_close(x);
    }
    write_topology(c, x);
    if (!mode && !v->is_emulated) { /* gone from newer processors of the same name */
        xml_empty(x, "feature", "policy", "disable", "name", "mpx", NULL);
    }
    xml_close(x);
}

const struct part part_cpu = {
    .name = "cpu",
    .elements = "cpu",
    .about = "Model, and how the virtual CPUs are spread over sockets, cores and threads.",
    .write = write_cpu,
};
