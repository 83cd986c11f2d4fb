// Memory of a launcher pod beside the guest's own: the pod's request, and status.memory.memoryOverhead. Pure.
#ifndef VMB_OVERHEAD_H
#define VMB_OVERHEAD_H

#include "api/kinds/vmi.h"

/* Bytes. 'spec' has its defaults. */
int64_t overhead_bytes(const struct vmi_spec *spec, bool use_emulation);

#endif
