// Random numbers from the node.
#include "domain/parts.h"

static struct err *
resolve_rng(struct domain_view *v)
{
    if (v->instance->spec.domain.rng) {
        pci_slots_add_virtio(&v->pci, NULL);
    }
    return NULL;
}

static void
write_rng(const struct domain_view *v, struct xml *x)
{
    if (!v->instance->spec.domain.rng) {
        return;
    }
    xml_open(x, "rng");
    xml_attr(x, "model", v->virtio_model);
    xml_open(x, "backend");
    xml_attr(x, "model", "random");
    xml_text(x, "/dev/urandom");
    xml_close(x);
    xml_close(x);
}

const struct part part_rng = {
    .name = "rng",
    .elements = "rng",
    .is_device = true,
    .about = "Random numbers from the node.",
    .resolve = resolve_rng,
    .write = write_rng,
};
