// Whose an instance is. Pure.
#ifndef VMB_VMI_OWNER_H
#define VMB_VMI_OWNER_H

#include "api/kinds/vmi.h"

/* The VirtualMachine that controls an instance, or NULL. */
const struct owner *vmi_machine(const struct vmi *vmi);

#endif
