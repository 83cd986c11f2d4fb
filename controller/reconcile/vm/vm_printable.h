// The state of a machine in one word, for people and for tools that know KubeVirt's words. Pure.
#ifndef VMB_VM_PRINTABLE_H
#define VMB_VM_PRINTABLE_H

#include "reconcile/plan.h"
#include "reconcile/vm/vm_view.h"

/* 'st' has the failures of starts that count, also one that is counted just now. */
const char *vm_printable(const struct vm_view *v, const struct plan *p, const struct vm_status *st);

/* Whether starts are made, and counted, by themselves under that strategy. */
bool vm_is_counting(enum run_strategy s);

#endif
