// What a template says that its running instance does not have: what is taken over at once, and what waits. Pure.
#ifndef VMB_VM_CHANGES_H
#define VMB_VM_CHANGES_H

#include "reconcile/plan.h"
#include "reconcile/vm/vm_view.h"

enum { VM_CHANGES_NAMED = 3 };
/* The paths of the first VM_CHANGES_NAMED, with commas between; of the arena. */
const char *vm_changes_named(struct arena *a, const struct change_list *changes);

/* Something of the template takes effect at once, and the instance can take it. */
bool vm_follows(const struct vm_view *v);
/* The patch that gives it to the instance. */
void vm_plan_follow(const struct vm_view *v, struct plan *p);

/* What waits for the next start, for status.bridge.pendingChanges. */
struct pending_change_list vm_pending(const struct vm_view *v);
/* The sentence of the RestartRequired condition, which names fields; NULL: nothing waits. */
const char *vm_restart_required(const struct vm_view *v);

#endif
