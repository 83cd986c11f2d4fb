// Decides what happens to an instance: its launcher pod is made once, kept, and gone before the instance is. Pure.
#ifndef VMB_VMI_PLAN_H
#define VMB_VMI_PLAN_H

#include "reconcile/rules.h"
#include "reconcile/vmi/vmi_phase.h"

extern const struct rules vmi_rules;

void vmi_plan(const struct vmi_view *v, struct plan *ret_plan);

#endif
