// Where disks and cards are on the guest's PCI buses, as far as the instance says it. Pure.
#ifndef VMB_PCI_SLOTS_H
#define VMB_PCI_SLOTS_H

#include "api/rules/pci_address.h"
#include "domain/domain_view.h"
#include "domain/xml_writer.h"

/* Reads a pciAddress; 'ret_address' is the arena's, NULL where 'text' says none: libvirt chooses.
 * Errors: ERR_INVALID for a place that no device can have. */
MUST_CHECK struct err *pci_slot_view(struct arena *a, const char *text, const struct pci_address **ret_address);

/* As many root ports that each wished bus exists, at least 'n', which are as many as all devices need. */
unsigned pci_slot_ports(const struct domain_view *v, unsigned n);

/* The element <address>; of NULL nothing. */
void pci_slot_write(const struct pci_address *address, struct xml *x);
/* Root ports, and behind the last one the bridge. */
void pci_slot_write_ports(const struct domain_view *v, struct xml *x);

#endif
