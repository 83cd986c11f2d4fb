// Rules over the PCI addresses of disks and interfaces.
#include "api/rules/validate_parts.h"

#include "api/rules/pci_address.h"

/* A device that asks for a place. */
struct wish {
    const char *text; /* as the spec has it; NULL or empty: none */
    const char *name;
    const char *list; /* "disks", "interfaces" */
    const char *part; /* of the item, where the field is */
    size_t index;
};

/* Disks come before interfaces. */
static struct wish
wish_at(const struct vmi_spec *s, size_t k)
{
    size_t n_disks = s->domain.disks.n;

    if (k < n_disks) {
        const struct disk *d = &s->domain.disks.items[k];
        const char *text = d->disk ? d->disk->pci_address : NULL;
        return (struct wish){.text = text, .name = d->name, .list = "disks", .part = ".disk", .index = k};
    }
    const struct interface *nic = &s->domain.interfaces.items[k - n_disks];
    return (struct wish){
        .text = nic->pci_address, .name = nic->name, .list = "interfaces", .part = "", .index = k - n_disks};
}

static struct err *
refuse(const struct wish *w, const char *why)
{
    return INVALID("domain.devices.%s[%zu]%s.pciAddress %.16s cannot be: %s", w->list, w->index, w->part, w->text, why);
}

/* Against those before it. */
static struct err *
check_place(const struct vmi_spec *s, size_t k, const struct pci_address *mine)
{
    const struct wish w = wish_at(s, k);
    size_t n_on_root = 0;

    for (size_t i = 0; i < k; i++) {
        const struct wish before = wish_at(s, i);
        struct pci_address other;
        if (str_empty(before.text) || !pci_address_read(before.text, &other)) {
            continue;
        }
        n_on_root += other.bus == 0;
        if (pci_address_equal(&other, mine)) {
            return INVALID("domain.devices.%s[%zu]%s.pciAddress %.16s is the place of %.63s: two devices cannot have "
                           "the same PCI address",
                           w.list, w.index, w.part, w.text, before.name);
        }
    }
    return mine->bus == 0 && n_on_root >= PCI_ROOT_DEVICES_MAX
               ? refuse(&w, "at most 16 devices can be on bus 00: the ports of the other buses are there too")
               : NULL;
}

static struct err *
check_wish(const struct vmi_spec *s, size_t k)
{
    const struct wish w = wish_at(s, k);
    struct pci_address mine;

    if (str_empty(w.text)) {
        return NULL;
    }
    if (!pci_address_read(w.text, &mine)) {
        return INVALID("domain.devices.%s[%zu]%s.pciAddress: malformed PCI address: write it as 0000:05:00.0", w.list,
                       w.index, w.part);
    }
    const char *why = pci_address_refused(&mine);
    return why ? refuse(&w, why) : check_place(s, k, &mine);
}

void
validate_pci_addresses(const struct vmi_spec *s, struct problems *p)
{
    size_t n = s->domain.disks.n + s->domain.interfaces.n;

    for (size_t k = 0; k < n; k++) {
        problems_add(p, check_wish(s, k));
    }
}
