// What the virtual CPUs are like: model, features and topology. Their number is the family vcpu.
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

#define VMX "vmx"

static const char *const policy_names[] = {"require", "force", "require", "optional", "disable", "forbid"};

static void
write_feature(const char *name, const char *policy, struct xml *x)
{
    xml_empty(x, "feature", "policy", policy, "name", name, NULL);
}

static bool
names_feature(const struct cpu *c, const char *name)
{
    for (size_t i = 0; i < c->features.n; i++) {
        if (str_eq(c->features.items[i].name, name)) {
            return true;
        }
    }
    return false;
}

static void
write_features(const struct domain_view *v, bool is_named_model, struct xml *x)
{
    const struct cpu *c = &v->instance->spec.domain.cpu;

    for (size_t i = 0; i < c->features.n; i++) {
        const struct cpu_feature *f = &c->features.items[i];
        bool is_needed = v->needs_vmx && str_eq(f->name, VMX);
        write_feature(f->name, is_needed ? "require" : policy_names[f->policy], x);
    }
    if (v->needs_vmx && !names_feature(c, VMX)) {
        write_feature(VMX, "require", x);
    }
    if (is_named_model && !v->is_emulated && !names_feature(c, "mpx")) {
        write_feature("mpx", "disable", x); /* gone from newer processors of the same name */
    }
}

static void
write_cells(const struct domain_view *v, struct xml *x)
{
    xml_open(x, "numa");
    for (size_t i = 0; i < v->n_cells; i++) {
        xml_open(x, "cell");
        xml_attr_int(x, "id", (int64_t)i);
        xml_attr(x, "cpus", v->cells[i].cpus);
        xml_attr_int(x, "memory", v->cells[i].bytes);
        xml_attr(x, "unit", "b");
        xml_close(x);
    }
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
    write_features(v, !mode, x);
    if (v->n_cells > 0) {
        write_cells(v, x);
    }
    xml_close(x);
}

const struct part part_cpu = {
    .name = "cpu",
    .elements = "cpu",
    .about = "Model and features, and how the virtual CPUs are spread over sockets, cores and threads.",
    .write = write_cpu,
};
