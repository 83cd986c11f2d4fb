// Which network of a guest is which: the pod's own one, what takes its place, and secondary ones. Pure.
#ifndef VMB_NETWORKS_H
#define VMB_NETWORKS_H

#include "api/kinds/vmi.h"

/* Name of the interface of a pod that is on the pod's own network. */
#define POD_INTERFACE "eth0"

/* The network that an interface is plugged into; NULL: there is none of that name. */
const struct network *network_find(const struct vmi_spec *s, const char *name);
/* The pod's own, by name or because a converted machine's network has no type. */
bool network_is_pod(const struct network *net);
/* It stands beside the pod's own: the pod has an interface for it, and the guest a card of layer 2 on that. */
bool network_is_secondary(const struct network *net);
/* Whether an interface's network is a secondary one. */
bool interface_is_secondary(const struct vmi_spec *s, const struct interface *nic);

/* "NAME" or "NAMESPACE/NAME" in its two parts, of the arena; without a namespace it is the guest's. */
void network_attachment(struct arena *a, const struct network_multus *m, const char *namespace,
                        const char **ret_namespace, const char **ret_name);
/* Such a text, each part a name of Kubernetes. */
bool network_is_attachment(const char *text);

#endif
