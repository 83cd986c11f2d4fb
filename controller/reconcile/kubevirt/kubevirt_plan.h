// The configuration object: what it says, and the status that tells clients vmbridge is there. Pure.
#ifndef VMB_KUBEVIRT_PLAN_H
#define VMB_KUBEVIRT_PLAN_H

#include "reconcile/config.h"
#include "reconcile/plan.h"

void kubevirt_plan(struct arena *a, const struct kubevirt *k, const char *version, int64_t now_s, struct plan *ret_plan);

#endif
