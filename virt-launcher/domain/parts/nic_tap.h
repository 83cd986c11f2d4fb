// Cards on secondary networks: a tap in the pod, made by the node's CNI plugins for the launcher's user, carries whole frames. Pure.
#ifndef VMB_NIC_TAP_H
#define VMB_NIC_TAP_H

#include "domain/domain_view.h"
#include "domain/parts/nic_view.h"
#include "domain/xml_writer.h"

/* Fills in what is of this kind alone; model and address of the card are there. Errors: ERR_RETRY for a pod that has no tap that the
 * launcher may open, ERR_INVALID naming the field for what the tap cannot do. */
MUST_CHECK struct err *nic_tap_view(const struct domain_view *v, const struct network *net, struct nic_view *nic);

/* What stands before the model of the card, and what stands behind it. */
void nic_tap_write_target(const struct nic_view *n, struct xml *x);
void nic_tap_write_driver(const struct nic_view *n, struct xml *x);

#endif
