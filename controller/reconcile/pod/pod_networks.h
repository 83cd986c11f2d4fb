// Secondary networks of a guest: what its pod says to Multus, and which devices of the node their cards take. Pure.
#ifndef VMB_POD_NETWORKS_H
#define VMB_POD_NETWORKS_H

#include "reconcile/vmi/vmi_view.h"

/* Whether the kernel of the node moves the packets of a card on a secondary network (vhost-net). */
bool pod_networks_use_vhost(const struct vmi_spec *s, const struct config *c);

/* Adds to the annotations of a pod which network attachments it has. */
void pod_networks_annotate(const struct vmi_view *v, json_t *annotations);
/* Adds to a container's limits the devices by which taps are opened. */
void pod_networks_limit(const struct vmi_spec *s, const struct config *c, json_t *limits);

#endif
