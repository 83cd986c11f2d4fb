// What this version leaves out of a spec or reads otherwise, for status.bridge.repairs[]. Pure.
#ifndef VMB_REPAIRS_H
#define VMB_REPAIRS_H

#include "api/kinds/vm.h"

/* What is read otherwise than it is written, and what is set and has no effect in this version: the fields from the object on
 * ("spec.domain.devices.sound"), REPAIRS_MAX at most. */
struct repair_list vmi_spec_repairs(const struct vmi_spec *s, struct arena *a);
struct repair_list vm_spec_repairs(const struct vm_spec *s, struct arena *a);

#endif
