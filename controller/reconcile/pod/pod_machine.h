// What a machine's processors and memory ask of its pod beyond a share of the node's.
#ifndef VMB_POD_MACHINE_H
#define VMB_POD_MACHINE_H

#include "reconcile/vmi/vmi_view.h"

/* CPUs that the guest keeps busy: virtual ones, and the threads of a pool, which count as they do. */
int64_t pod_machine_cpus(const struct vmi_spec *s);

/* Changes the requests and limits of the container, in which the guest's memory and 'overhead' bytes stand. */
void pod_machine_resources(const struct vmi_view *v, int64_t overhead, json_t *requests, json_t *limits);

/* Adds the labels of the nodes that give CPUs away, or run realtime threads. */
void pod_machine_selector(const struct vmi_spec *s, json_t *selector);

#endif
