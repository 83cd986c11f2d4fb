// An instance of the machine's name that nobody controls: what `kubectl delete --cascade=orphan` leaves. Pure.
#ifndef VMB_VM_ADOPT_H
#define VMB_VM_ADOPT_H

#include "reconcile/vm/vm_view.h"

/* NULL: the instance is what this machine would make, so it becomes its own. Else a sentence that says what is in the way, and the way out.
 * Only of a view with an instance that is not the machine's. */
const char *vm_adopt_bar(const struct vm_view *v);

#endif
