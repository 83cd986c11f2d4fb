// Where on the PCI buses of a guest a device is: the text that a spec has, and the places that this machine has. Pure.
#ifndef VMB_PCI_ADDRESS_H
#define VMB_PCI_ADDRESS_H

#include <stdbool.h>

enum {
    PCI_BUS_MAX = 31,          /* root ports, a bus each */
    PCI_ROOT_SLOT_MIN = 2,     /* of bus 0: 0 is the host bridge, 1 the screen */
    PCI_ROOT_SLOT_MAX = 30,    /* 31 is the chipset */
    PCI_ROOT_DEVICES_MAX = 16, /* root ports need slots of bus 0 too */
};

struct pci_address {
    unsigned domain;
    unsigned bus;
    unsigned slot;
    unsigned function;
};

/* Reads "0000:05:00.0"; the domain may be left out. False when it is no such text. */
bool pci_address_read(const char *text, struct pci_address *ret_address);

/* Why no device can be there, a sentence that says where one can; NULL: one can. Static. */
const char *pci_address_refused(const struct pci_address *a);

bool pci_address_equal(const struct pci_address *a, const struct pci_address *b);

#endif
