// Tablets. Libvirt adds a PS/2 mouse and keyboard by itself where there is a screen.
#include "domain/parts.h"

static struct err *
resolve_inputs(struct domain_view *v)
{
    const struct input_list *l = &v->instance->spec.domain.inputs;

    for (size_t i = 0; i < l->n; i++) {
        if (l->items[i].bus == INPUT_BUS_VIRTIO) {
            pci_slots_ask_root(&v->pci, PCI_ROOT_INPUTS + (unsigned)i);
        } else {
            v->has_usb_device = true;
        }
    }
    return NULL;
}

static void
write_inputs(const struct domain_view *v, struct xml *x)
{
    const struct input_list *l = &v->instance->spec.domain.inputs;

    for (size_t i = 0; i < l->n; i++) {
        bool is_virtio = l->items[i].bus == INPUT_BUS_VIRTIO;
        xml_open(x, "input");
        xml_attr(x, "type", "tablet");
        xml_attr(x, "bus", is_virtio ? "virtio" : "usb");
        if (is_virtio) {
            const struct pci_address place = pci_slots_root(&v->pci, PCI_ROOT_INPUTS + (unsigned)i);
            pci_slot_write(&place, x);
        }
        xml_close(x);
    }
}

const struct part part_input = {
    .name = "input",
    .elements = "input",
    .is_device = true,
    .about = "Tablets, on USB or virtio: pointers that say where they are.",
    .resolve = resolve_inputs,
    .write = write_inputs,
};
