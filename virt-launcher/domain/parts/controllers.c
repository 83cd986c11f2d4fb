// The buses that devices are on.
#include "domain/parts.h"

static struct err *
resolve_controllers(struct domain_view *v)
{
    pci_slots_add(&v->pci, NULL); /* virtio-serial */
    if (v->needs_scsi) {
        pci_slots_add(&v->pci, NULL);
    }
    if (v->needs_usb) {
        pci_slots_add(&v->pci, NULL);
    }
    return NULL;
}

static void
write_controllers(const struct domain_view *v, struct xml *x)
{
    xml_empty(x, "controller", "type", "usb", "index", "0", "model", v->needs_usb ? "qemu-xhci" : "none", NULL);
    pci_slots_write_ports(&v->pci, v->memory_bytes, x);
    if (v->needs_scsi) {
        xml_empty(x, "controller", "type", "scsi", "index", "0", "model", VIRTIO_MODEL, NULL);
    }
    xml_empty(x, "controller", "type", "virtio-serial", "index", "0", "model", VIRTIO_MODEL, NULL);
}

const struct part part_controllers = {
    .name = "controllers",
    .elements = "controller",
    .is_device = true,
    .about = "PCI root ports with free ones for later, USB and SCSI where a disk is on them, virtio-serial.",
    .resolve = resolve_controllers,
    .write = write_controllers,
};
