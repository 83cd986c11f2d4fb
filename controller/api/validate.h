// What a spec must satisfy before anything is made of it. Everything that the CRD's rules say is said here again, because an
// object may be older than the CRD; and what CEL cannot say. Pure.
#ifndef VMB_VALIDATE_H
#define VMB_VALIDATE_H

#include "api/vm.h"

/* The first thing that is wrong: ERR_INVALID whose text names the field, from the spec on, and the way out. Also refuses what
 * this version cannot run and what would change the machine if it were left out. Before vmi_spec_default or after it. */
MUST_CHECK struct err *vmi_spec_validate(const struct vmi_spec *s, struct arena *a);

/* The same for a VM: its run strategy, then its template; paths begin with "template.spec.". */
MUST_CHECK struct err *vm_spec_validate(const struct vm_spec *s, struct arena *a);

/* Fields that are set and have no effect in this version ("domain.ioThreadsPolicy"), for status. */
struct str_list vmi_spec_ignored(const struct vmi_spec *s, struct arena *a);

#endif
