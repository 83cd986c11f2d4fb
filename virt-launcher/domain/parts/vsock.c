// A socket between guest and node. QEMU has no such card of virtio 0.9.
#include "api/rules/identity.h"
#include "domain/parts.h"

static bool
has_vsock(const struct domain_view *v)
{
    return v->instance->spec.domain.autoattach_vsock == TRI_TRUE;
}

static struct err *
resolve_vsock(struct domain_view *v)
{
    if (has_vsock(v)) {
        pci_slots_ask_root(&v->pci, PCI_ROOT_VSOCK);
    }
    return NULL;
}

static void
write_vsock(const struct domain_view *v, struct xml *x)
{
    if (!has_vsock(v)) {
        return;
    }
    const struct pci_address place = pci_slots_root(&v->pci, PCI_ROOT_VSOCK);
    xml_open(x, "vsock");
    xml_attr(x, "model", "virtio-non-transitional");
    xml_open(x, "cid");
    xml_attr(x, "auto", "no");
    xml_attr_int(x, "address", identity_vsock_cid(v->instance->uid));
    xml_close(x);
    pci_slot_write(&place, x);
    xml_close(x);
}

const struct part part_vsock = {
    .name = "vsock",
    .elements = "vsock",
    .is_device = true,
    .about = "A socket between guest and node.",
    .resolve = resolve_vsock,
    .write = write_vsock,
};
