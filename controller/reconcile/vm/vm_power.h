// Starts and stops that people ask for: status.stateChangeRequests, and what stays of one when it is done (docs/decisions/
// power-in-status.md). Pure; all memory is the sync's arena.
#ifndef VMB_VM_POWER_H
#define VMB_VM_POWER_H

#include "reconcile/vm/vm_view.h"

/* Of what was asked for, leaves what is still to be done, and says what strategy counts: fills 'changes', 'power', 'was_asked' and
 * 'strategy' of a view whose machine and instance are known. */
void vm_power_settle(struct vm_view *v);

/* Whether the change that acts now is that one. */
bool vm_is_asked(const struct vm_view *v, const char *action);
/* ... and a start that begins paused. */
bool vm_starts_paused(const struct vm_view *v);

/* What strategy counts when the spec states that one. */
enum run_strategy vm_power_strategy(enum run_strategy spec, const struct vm_power *power);

#endif
