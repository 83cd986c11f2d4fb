// The status of an instance from its view and the plan at hand (contract 2.2, 2.3; rules A3, A4, B2, B4, K2, K3). Pure.
#ifndef VMB_VMI_STATUS_H
#define VMB_VMI_STATUS_H

#include "reconcile/plan.h"
#include "reconcile/vmi/vmi_phase.h"

/* Fills the plan's old and new status and adds the events of a phase change. */
void vmi_status(const struct vmi_view *v, const struct vmi_observed *o, struct plan *p);

#endif
