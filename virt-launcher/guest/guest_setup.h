// The beginning: the instance is read, libvirt's home prepared, the machine described.
#ifndef VMB_GUEST_SETUP_H
#define VMB_GUEST_SETUP_H

#include "guest/guest_state.h"

/* Everything before the first connection to libvirt. Errors: what keeps the guest from ever running. */
MUST_CHECK struct err *guest_setup(struct guest *g);
/* The view and the XML, once disks are there. */
MUST_CHECK struct err *guest_describe(struct guest *g, const struct disks_result *disks);

#endif
