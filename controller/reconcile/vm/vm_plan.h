// Decides what happens to a VirtualMachine: makes, keeps or ends its instance as the run strategy says (contract 2.5), and its status.
// Pure: view in, plan out.
#ifndef VMB_VM_PLAN_H
#define VMB_VM_PLAN_H

#include "reconcile/plan.h"
#include "reconcile/vm/vm_view.h"

struct vm_rule {
    const char *name;
    const char *says; /* one sentence for --print-rules */
    bool (*when)(const struct vm_view *v);
    void (*then)(const struct vm_view *v, struct plan *p);
};

/* In the order they are tried; the last one always matches. */
extern const struct vm_rule vm_rules[];
extern const size_t n_vm_rules;

void vm_plan(const struct vm_view *v, struct plan *ret_plan);

/* The instance cannot start, and the template is not any more what it was made from. */
bool vm_starts_anew(const struct vm_view *v);

/* The launcher or libvirt found that no guest of this spec can run, and the template is that one still. */
bool vm_is_refused(const struct vm_view *v);

/* True when a start was tried and must wait: seconds until then in 'ret_s'. */
bool vm_start_waits(const struct vm_view *v, int64_t *ret_s);

#endif
