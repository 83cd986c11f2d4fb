// Decides what happens to a VirtualMachine: makes, keeps or ends its instance as the run strategy says (contract 2.5), and its status.
// Pure: view in, plan out.
#ifndef VMB_VM_PLAN_H
#define VMB_VM_PLAN_H

#include "reconcile/rules.h"
#include "reconcile/vm/vm_view.h"

extern const struct rules vm_rules;

void vm_plan(const struct vm_view *v, struct plan *ret_plan);

#endif
