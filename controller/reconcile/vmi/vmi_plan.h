// Decides what happens to an instance: its launcher pod is made once, kept, and gone before the instance is. Pure.
#ifndef VMB_VMI_PLAN_H
#define VMB_VMI_PLAN_H

#include "reconcile/plan.h"
#include "reconcile/vmi/vmi_phase.h"

struct vmi_rule {
    const char *name;
    const char *says; /* one sentence for --print-rules */
    bool (*when)(const struct vmi_view *v, const struct vmi_observed *o);
    void (*then)(const struct vmi_view *v, const struct vmi_observed *o, struct plan *p);
};

extern const struct vmi_rule vmi_rules[];
extern const size_t n_vmi_rules;

void vmi_plan(const struct vmi_view *v, struct plan *ret_plan);

#endif
