// VirtualMachineInstanceReplicaSet: keeps so many instances of one template.
#ifndef VMB_REPLICASET_KIND_H
#define VMB_REPLICASET_KIND_H

#include "cache/kind.h"

extern const struct kind replicaset_kind;

#endif
