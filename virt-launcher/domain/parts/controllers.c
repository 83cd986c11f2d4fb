// The buses that devices are on.
#include "domain/parts.h"

static struct err *
resolve_controllers(struct domain_view *v)
{
    pci_slots_add_virtio(&v->pci, NULL); /* virtio-serial */
    if (v->needs_scsi) {
        pci_slots_add_virtio(&v->pci, NULL);
    }
    if (v->has_usb_disk) {
        pci_slots_add(&v->pci, NULL);
    } else if (v->has_usb_device) {
        pci_slots_ask_root(&v->pci, PCI_ROOT_USB);
    }
    return NULL;
}

/* Where a disk is on it libvirt gives it a place, as it always did. For others alone it has one of its own, so that a tablet moves no
 * disk. */
static void
write_usb(const struct domain_view *v, struct xml *x)
{
    xml_open(x, "controller");
    xml_attr(x, "type", "usb");
    xml_attr(x, "index", "0");
    xml_attr(x, "model", v->has_usb_disk || v->has_usb_device ? "qemu-xhci" : "none");
    if (v->has_usb_device && !v->has_usb_disk) {
        const struct pci_address place = pci_slots_root(&v->pci, PCI_ROOT_USB);
        pci_slot_write(&place, x);
    }
    xml_close(x);
}

static void
write_controllers(const struct domain_view *v, struct xml *x)
{
    write_usb(v, x);
    pci_slots_write_ports(&v->pci, v->memory_bytes, x);
    if (v->needs_scsi) {
        xml_empty(x, "controller", "type", "scsi", "index", "0", "model", v->virtio_model, NULL);
    }
    xml_empty(x, "controller", "type", "virtio-serial", "index", "0", "model", v->virtio_model, NULL);
}

const struct part part_controllers = {
    .name = "controllers",
    .elements = "controller",
    .is_device = true,
    .about = "PCI root ports with free ones for later, USB and SCSI where something is on them, virtio-serial.",
    .resolve = resolve_controllers,
    .write = write_controllers,
};
