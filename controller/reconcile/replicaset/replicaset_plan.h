// Decides which instances of a set are made and which are deleted. Pure: view in, plan out.
#ifndef VMB_REPLICASET_PLAN_H
#define VMB_REPLICASET_PLAN_H

#include "reconcile/replicaset/replicaset_view.h"
#include "reconcile/rules.h"

extern const struct rules replicaset_rules;

void replicaset_plan(const struct replicaset_view *v, struct plan *ret_plan);

#endif
