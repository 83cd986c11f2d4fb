// What launcher, pod and claims tell of a running instance, into its status: node, addresses, disks, guest, memory (contract 2.2). Pure.
#ifndef VMB_VMI_DETAILS_H
#define VMB_VMI_DETAILS_H

#include "reconcile/vmi/vmi_phase.h"

/* What is wrong with a disk that the guest is paused for, behind its volume's name. Static. */
const char *vmi_disk_trouble(const struct disk_state *d);

void vmi_details(const struct vmi_view *v, const struct vmi_observed *o, struct vmi_status *st);

#endif
