// Devices by which a guest says that it has crashed; the family lifecycle ends its run then.
#include "domain/parts.h"

static struct err *
resolve_panics(struct domain_view *v)
{
    const struct panic_device_list *l = &v->instance->spec.domain.panic_devices;

    for (size_t i = 0; i < l->n; i++) {
        if (str_eq(l->items[i].model, "pvpanic")) {
            pci_slots_ask_root(&v->pci, PCI_ROOT_PANIC);
        }
    }
    return NULL;
}

static void
write_panics(const struct domain_view *v, struct xml *x)
{
    const struct panic_device_list *l = &v->instance->spec.domain.panic_devices;

    for (size_t i = 0; i < l->n; i++) {
        const char *model = str_empty(l->items[i].model) ? "isa" : l->items[i].model;
        xml_open(x, "panic");
        xml_attr(x, "model", model);
        if (str_eq(model, "pvpanic")) {
            const struct pci_address place = pci_slots_root(&v->pci, PCI_ROOT_PANIC);
            pci_slot_write(&place, x);
        }
        xml_close(x);
    }
}

const struct part part_panic = {
    .name = "panic",
    .elements = "panic",
    .is_device = true,
    .about = "Devices by which a guest says that it has crashed, which ends its run.",
    .resolve = resolve_panics,
    .write = write_panics,
};
