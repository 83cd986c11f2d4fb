// Counts and conditions of a set. Pure.
#ifndef VMB_REPLICASET_STATUS_H
#define VMB_REPLICASET_STATUS_H

#include "reconcile/plan.h"
#include "reconcile/replicaset/replicaset_view.h"

/* Of a plan whose rule has been applied: its status, and events of what the status says for the first time. */
void replicaset_status(const struct replicaset_view *v, struct plan *p);

#endif
