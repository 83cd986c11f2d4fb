// What is to be done about a node.
#ifndef VMB_NODE_PLAN_H
#define VMB_NODE_PLAN_H

#include "reconcile/node/node_view.h"
#include "reconcile/rules.h"

extern const struct rules node_rules;
void node_plan(const struct node_view *v, struct plan *ret_plan);

#endif
