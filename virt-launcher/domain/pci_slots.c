// libvirt puts the devices without an address around those that have one; bus N is root port N, since they are written in that order.
#include "domain/pci_slots.h"

#define BIG_MEMORY_BYTES (INT64_C(2) << 30)

struct err *
pci_slot_read(struct arena *a, const char *text, const struct pci_address **ret_address)
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

static uint32_t
slot_bit(unsigned slot)
{
    return UINT32_C(1) << (slot & 0x1f);
}

void
pci_slots_want_bus(struct pci_slots *p, const struct pci_address *address)
{
    if (address && address->bus > p->highest_bus) {
        p->highest_bus = address->bus;
    }
    if (address && address->bus == 0) {
        p->root_wished |= slot_bit(address->slot);
    }
}

void
pci_slots_ask_root(struct pci_slots *p, unsigned slot)
{
    p->root_asked |= slot_bit(slot);
}

/* The n-th slot from above, beginning with 0, that is nobody's. */
static unsigned
free_root_slot(const struct pci_slots *p, unsigned n)
{
    unsigned slot = PCI_ROOT_INPUTS - 1;

    while (slot > PCI_ROOT_SLOT_MIN) {
        bool is_free = !(p->root_wished & slot_bit(slot));
        if (is_free && n == 0) {
            break;
        }
        n -= is_free;
        slot--;
    }
    return slot;
}

struct pci_address
pci_slots_root(const struct pci_slots *p, unsigned slot)
{
    unsigned n_above = 0; /* that had to give way, too */

    for (unsigned s = PCI_ROOT_SLOT_MAX; s > slot; s--) {
        n_above += (p->root_wished & p->root_asked & slot_bit(s)) != 0;
    }
    bool is_wished = (p->root_wished & slot_bit(slot)) != 0;
    return (struct pci_address){.slot = is_wished ? free_root_slot(p, n_above) : slot};
}

void
pci_slots_add(struct pci_slots *p, const struct pci_address *address)
{
    p->n_used++;
    pci_slots_want_bus(p, address);
}

void
pci_slots_add_conventional(struct pci_slots *p, const struct pci_address *address)
{
    pci_slots_add(p, address);
    p->has_unplaced_conventional = p->has_unplaced_conventional || !address;
}

void
pci_slots_add_virtio(struct pci_slots *p, const struct pci_address *address)
{
    if (p->virtio_is_conventional) {
        pci_slots_add_conventional(p, address);
    } else {
        pci_slots_add(p, address);
    }
}

/* As many as the devices need, free ones for disks and networks that come later (contract 3.1, PCI topology 3), and each bus that is
 * wished for. */
static unsigned
count_root_ports(const struct pci_slots *p, int64_t memory_bytes)
{
    unsigned placeholders = p->n_nics < 4 ? 4 - p->n_nics : 0;
    unsigned wanted = memory_bytes > BIG_MEMORY_BYTES ? 16 : 8;
    unsigned least = memory_bytes > BIG_MEMORY_BYTES ? 6 : 3;
    unsigned spare = wanted > p->n_used + least ? wanted - p->n_used : least;
    unsigned n = p->n_used + (spare > placeholders ? spare : placeholders);

    return p->highest_bus > n ? p->highest_bus : n;
}

/* Cards of conventional PCI, which libvirt puts behind a bridge, together with wished buses: the firmware numbers buses in the order in
 * which it finds them, and a bridge below one of the first ports would shift the numbers of all that follow. */
static bool
needs_bridge(const struct pci_slots *p)
{
    return p->has_unplaced_conventional && p->highest_bus > 0;
}

unsigned
pci_slots_add_last(struct pci_slots *p)
{
    return p->n_last++;
}

/* The last bus of all but those. */
static unsigned
last_bus(const struct pci_slots *p, int64_t memory_bytes)
{
    unsigned n_ports = count_root_ports(p, memory_bytes);

    return needs_bridge(p) ? n_ports + 2 : n_ports; /* a port more, and the bridge behind it */
}

struct pci_address
pci_slots_last(const struct pci_slots *p, int64_t memory_bytes, unsigned n)
{
    return (struct pci_address){.bus = last_bus(p, memory_bytes) + 1 + n};
}

static void
write_port(unsigned index, struct xml *x)
{
    xml_open(x, "controller");
    xml_attr(x, "type", "pci");
    xml_attr_int(x, "index", index);
    xml_attr(x, "model", index == 0 ? "pcie-root" : "pcie-root-port");
    xml_close(x);
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
pci_slots_write_ports(const struct pci_slots *p, int64_t memory_bytes, struct xml *x)
{
    bool has_bridge = needs_bridge(p);
    unsigned n_ports = count_root_ports(p, memory_bytes) + has_bridge;

    for (unsigned i = 0; i <= n_ports; i++) {
        write_port(i, x);
    }
    if (has_bridge) {
        xml_open(x, "controller");
        xml_attr(x, "type", "pci");
        xml_attr_int(x, "index", n_ports + 1);
        xml_attr(x, "model", "pcie-to-pci-bridge");
        pci_slot_write(&(struct pci_address){.bus = n_ports}, x);
        xml_close(x);
    }
    for (unsigned n = 0; n < p->n_last; n++) {
        write_port(pci_slots_last(p, memory_bytes, n).bus, x);
    }
}
