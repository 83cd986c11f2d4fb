// What a spec must satisfy before anything is made of it. Everything that the CRD's rules say is said here again, because an
// object may be older than the CRD; and what CEL cannot say. Pure.
#ifndef VMB_VALIDATE_H
#define VMB_VALIDATE_H

#include "api/kinds/vm.h"

/* All that is wrong: ERR_INVALID whose text has for each problem the field, from the object on, and the way out; what does not fit
 * is counted. Also refuses what this version cannot run and what would change the machine if it were left out
 * (api/rules/support.h). Before vmi_spec_default or after it. */
MUST_CHECK struct err *vmi_spec_validate(const struct vmi_spec *s, struct arena *a);

/* The same, and the instance's labels and annotations. */
MUST_CHECK struct err *vmi_validate(const struct vmi *vmi, struct arena *a);

/* The same for a VM: its own fields, then its template. */
MUST_CHECK struct err *vm_spec_validate(const struct vm_spec *s, struct arena *a);

#endif
