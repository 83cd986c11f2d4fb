// The line to libvirt: connected, and connected again; its results and events become what is known.
#ifndef VMB_GUEST_LIBVIRT_H
#define VMB_GUEST_LIBVIRT_H

#include "guest/guest_state.h"

/* Prepares the line for the instance's domain. Errors: ERR_FATAL. */
MUST_CHECK struct err *guest_libvirt_init(struct guest *g);
/* Begins to connect. */
void guest_libvirt_connect(struct guest *g);

#endif
