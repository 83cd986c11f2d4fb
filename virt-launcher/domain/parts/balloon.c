// The memory balloon: pages that the guest frees go back to the node, and its figures come out.
#include "domain/parts.h"

enum { BALLOON_STATS_S = 10 };

static bool
has_balloon(const struct domain_view *v)
{
    return v->instance->spec.domain.autoattach_mem_balloon != TRI_FALSE;
}

static struct err *
resolve_balloon(struct domain_view *v)
{
    if (has_balloon(v)) {
        pci_slots_add_virtio(&v->pci, NULL);
    }
    return NULL;
}

static void
write_balloon(const struct domain_view *v, struct xml *x)
{
    xml_open(x, "memballoon");
    xml_attr(x, "model", has_balloon(v) ? v->virtio_model : "none");
    if (has_balloon(v)) {
        xml_attr(x, "freePageReporting", v->keeps_all_its_pages ? "off" : "on");
        xml_open(x, "stats");
        xml_attr_int(x, "period", BALLOON_STATS_S);
        xml_close(x);
    }
    xml_close(x);
}

const struct part part_balloon = {
    .name = "balloon",
    .elements = "memballoon",
    .is_device = true,
    .about = "Gives freed pages back to the node.",
    .resolve = resolve_balloon,
    .write = write_balloon,
};
