// When a machine's next start comes: after a wait, anew, or not at all. Read by its plan and by its status. Pure.
#ifndef VMB_VM_START_H
#define VMB_VM_START_H

#include "reconcile/vm/vm_view.h"

/* The instance cannot start, and the template is not any more what it was made from. */
bool vm_starts_anew(const struct vm_view *v);

/* The launcher or libvirt found that no guest of this spec can run, and the template is that one still. */
bool vm_is_refused(const struct vm_view *v);

/* True when a start was tried and must wait: seconds until then in 'ret_s'. */
bool vm_start_waits(const struct vm_view *v, int64_t *ret_s);

#endif
