// Cards on the pod network: passt carries their packets, which libvirt starts. Pure.
#ifndef VMB_NIC_PASST_H
#define VMB_NIC_PASST_H

#include "domain/domain_view.h"
#include "domain/parts/nic_view.h"
#include "domain/xml_writer.h"

/* Fills in what is of this kind alone; model and address of the card are there. Errors: ERR_INVALID for a network that is none. */
MUST_CHECK struct err *nic_passt_view(const struct domain_view *v, const struct interface *n, const struct network *net,
                                      struct nic_view *nic);

/* What stands before the model of the card, and what stands behind it. */
void nic_passt_write_source(const struct domain_view *v, const struct nic_view *n, struct xml *x);
void nic_passt_write_backend(const struct domain_view *v, const struct nic_view *n, struct xml *x);

#endif
