// Where cards are on the guest's PCI buses, as far as the instance says it, and how many places the guest has. Pure.
#ifndef VMB_PCI_SLOTS_H
#define VMB_PCI_SLOTS_H

#include "api/rules/pci_address.h"
#include "base/arena.h"
#include "base/err.h"
#include "domain/xml_writer.h"

/* Slots of bus 00 for devices that libvirt would number before disks and others: in a place of its own none of them moves another
 * device of a guest that gets it later. A slot that a pciAddress asks for is given up for one below these. */
enum pci_root_slot {
    PCI_ROOT_INPUTS = 0x17, /* four at most, upwards */
    PCI_ROOT_SOUND = 0x1b,
    PCI_ROOT_VSOCK = 0x1c,
    PCI_ROOT_USB = 0x1d,
    PCI_ROOT_PANIC = 0x1e,
};

/* What the families put on the buses. */
struct pci_slots {
    unsigned n_used;
    unsigned n_nics; /* of these */
    unsigned highest_bus;
    bool virtio_is_conventional;    /* cards that speak virtio 0.9 too are no PCI Express cards */
    bool has_unplaced_conventional; /* a card of conventional PCI that says no place */
    unsigned n_last;                /* cards on ports behind all others */
    uint32_t root_wished;           /* slots of bus 00 that pciAddresses name, a bit each */
    uint32_t root_asked;            /* those that pci_slots_ask_root was asked for */
};

/* Reads a pciAddress; 'ret_address' is the arena's, NULL where 'text' says none: libvirt chooses.
 * Errors: ERR_INVALID for a place that no device can have. */
MUST_CHECK struct err *pci_slot_read(struct arena *a, const char *text, const struct pci_address **ret_address);

/* A PCI Express card more; 'address' NULL: anywhere. */
void pci_slots_add(struct pci_slots *p, const struct pci_address *address);
/* A card of conventional PCI more. */
void pci_slots_add_conventional(struct pci_slots *p, const struct pci_address *address);
/* A card on virtio more. */
void pci_slots_add_virtio(struct pci_slots *p, const struct pci_address *address);
/* A disk that says a place on a bus other than PCI's has it all the same: its bus is to exist. */
void pci_slots_want_bus(struct pci_slots *p, const struct pci_address *address);

/* A device more on bus 00; 'slot' is asked for once. */
void pci_slots_ask_root(struct pci_slots *p, unsigned slot);
/* Where the device is that asked for 'slot'; after all families have been resolved. */
struct pci_address pci_slots_root(const struct pci_slots *p, unsigned slot);

/* A PCI Express card more on a port behind all others, so that it moves none of them; which one of these. */
unsigned pci_slots_add_last(struct pci_slots *p);
/* Where the n-th of these is; after all families have been resolved. */
struct pci_address pci_slots_last(const struct pci_slots *p, int64_t memory_bytes, unsigned n);

/* The element <address>; of NULL nothing. */
void pci_slot_write(const struct pci_address *address, struct xml *x);
/* Root ports, free ones for later hot-plug included, and behind the last one the bridge. */
void pci_slots_write_ports(const struct pci_slots *p, int64_t memory_bytes, struct xml *x);

#endif
