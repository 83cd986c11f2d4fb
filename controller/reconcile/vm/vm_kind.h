// VirtualMachine as the controller knows it.
#ifndef VMB_VM_KIND_H
#define VMB_VM_KIND_H

#include "cache/kind.h"

extern const struct kind vm_kind;

#endif
