// The status of a VirtualMachine from its view and the plan at hand (contract 2.3, 2.4; rules A1, A2, K1-K3). Pure.
#ifndef VMB_VM_STATUS_H
#define VMB_VM_STATUS_H

#include "reconcile/plan.h"
#include "reconcile/vm/vm_view.h"

/* What 'p' (its actions are set) makes of 'v': fills the plan's old and new status. */
void vm_status(const struct vm_view *v, struct plan *p);

#endif
