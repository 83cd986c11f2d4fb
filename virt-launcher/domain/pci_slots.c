// libvirt puts the devices without an address around those that have one; bus N is root port N, since they are written in that order.
#include "domain/pci_slots.h"

struct err *
pci_slot_view(struct arena *a, const char *text, const struct pci_address **ret_address)
{
    struct pci_address address;

    *ret_address = NULL;
    if (str_empty(text)) {
        return NULL;
    }
    if (!pci_address_read(text, &address)) {
        return err_new(ERR_INVALID, "pciAddress: malformed PCI address: write it as 0000:05:00.0");
    }
    const char *why = pci_address_refused(&address);
    if (why) {
        return err_new(ERR_INVALID, "pciAddress: %s", why);
    }
    struct pci_address *kept = ARENA_NEW(a, struct pci_address);
    *kept = address;
    *ret_address = kept;
    return NULL;
}

static unsigned
highest_bus(const struct domain_view *v)
{
    unsigned highest = 0;

    for (size_t i = 0; i < v->n_disks; i++) {
        const struct pci_address *p = v->disks[i].pci;
        highest = p && p->bus > highest ? p->bus : highest;
    }
    for (size_t i = 0; i < v->n_nics; i++) {
        const struct pci_address *p = v->nics[i].pci;
        highest = p && p->bus > highest ? p->bus : highest;
    }
    return highest;
}

unsigned
pci_slot_ports(const struct domain_view *v, unsigned n)
{
    unsigned highest = highest_bus(v);

    return highest > n ? highest : n;
}

static bool
is_conventional(const char *model)
{
    static const char *const models[] = {"e1000", "ne2k_pci", "pcnet", "rtl8139"};

    for (size_t i = 0; i < ARRAY_LEN(models); i++) {
        if (str_eq(model, models[i])) {
            return true;
        }
    }
    return false;
}

/* Cards of conventional PCI, which libvirt puts behind a bridge, together with wished buses: the firmware numbers buses in the order in
 * which it finds them, and a bridge below one of the first ports would shift the numbers of all that follow. */
static bool
needs_bridge(const struct domain_view *v)
{
    bool is_needed = false;

    for (size_t i = 0; i < v->n_nics; i++) {
        is_needed = is_needed || (!v->nics[i].pci && is_conventional(v->nics[i].model));
    }
    return is_needed && highest_bus(v) > 0;
}

void
pci_slot_write(const struct pci_address *address, struct xml *x)
{
    char bus[8], slot[8];

    if (!address) {
        return;
    }
    (void)snprintf(bus, sizeof(bus), "0x%02x", address->bus & 0xff);
    (void)snprintf(slot, sizeof(slot), "0x%02x", address->slot & 0x1f);
    xml_empty(x, "address", "type", "pci", "domain", "0x0000", "bus", bus, "slot", slot, "function", "0x0", NULL);
}

void
pci_slot_write_ports(const struct domain_view *v, struct xml *x)
{
    bool has_bridge = needs_bridge(v);
    unsigned n_ports = v->n_root_ports + has_bridge;

    for (unsigned i = 0; i <= n_ports; i++) {
        xml_open(x, "controller");
        xml_attr(x, "type", "pci");
        xml_attr_int(x, "index", i);
        xml_attr(x, "model", i == 0 ? "pcie-root" : "pcie-root-port");
        xml_close(x);
    }
    if (has_bridge) {
        xml_open(x, "controller");
        xml_attr(x, "type", "pci");
        xml_attr_int(x, "index", n_ports + 1);
        xml_attr(x, "model", "pcie-to-pci-bridge");
        pci_slot_write(&(struct pci_address){.bus = n_ports}, x);
        xml_close(x);
    }
}
