// Whose an instance is. Pure.
#ifndef VMB_VMI_OWNER_H
#define VMB_VMI_OWNER_H

#include "api/kinds/vmi.h"

/* The VirtualMachine that controls an instance, or NULL. */
const struct owner *vmi_machine(const struct vmi *vmi);
/* Whether an instance was made from a template, whose owner tells what is wrong with it. */
bool vmi_has_template(const struct vmi *vmi);

#endif
