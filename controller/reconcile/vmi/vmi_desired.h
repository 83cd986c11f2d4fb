// What the launchers of an instance are told. Pure.
#ifndef VMB_VMI_DESIRED_H
#define VMB_VMI_DESIRED_H

#include "reconcile/plan.h"
#include "reconcile/vmi/vmi_view.h"

/* Only the active one is told of ports: nobody is let in where the guest is not. */
void vmi_desired(const struct vmi_view *v, struct plan *p);

#endif
