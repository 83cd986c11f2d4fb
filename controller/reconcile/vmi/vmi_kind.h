// VirtualMachineInstance as the controller knows it.
#ifndef VMB_VMI_KIND_H
#define VMB_VMI_KIND_H

#include "cache/kind.h"

extern const struct kind vmi_kind;

#endif
