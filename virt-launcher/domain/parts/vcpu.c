// How many virtual CPUs; what they are like is the family cpu.
#include "domain/parts.h"
#include "domain/parts/cpu_count.h"

static struct err *
resolve_vcpu(struct domain_view *v)
{
    struct cpu_count n = cpu_count_of(&v->instance->spec.domain.cpu);

    if (cpu_count_all(&n) > CPU_COUNT_MAX) {
        return err_new(ERR_INVALID, "spec.domain.cpu: sockets times cores times threads must be at most %d",
                       CPU_COUNT_MAX);
    }
    return NULL;
}

static void
write_vcpu(const struct domain_view *v, struct xml *x)
{
    struct cpu_count n = cpu_count_of(&v->instance->spec.domain.cpu);
    char text[24];

    (void)snprintf(text, sizeof(text), "%lld", (long long)cpu_count_all(&n));
    xml_open(x, "vcpu");
    xml_attr(x, "placement", "static");
    xml_text(x, text);
    xml_close(x);
}

const struct part part_vcpu = {
    .name = "vcpu",
    .elements = "vcpu",
    .about = "How many virtual CPUs there are.",
    .resolve = resolve_vcpu,
    .write = write_vcpu,
};
