// The logs of others, both of which a guest can make talk: libvirt's of QEMU, and its own.
#ifndef VMB_GUEST_LOGS_H
#define VMB_GUEST_LOGS_H

#include "guest/guest_state.h"

/* libvirt's log of QEMU. The caller frees. */
char *guest_qemu_log(const struct guest *g);
/* Keeps both small from now on. */
void guest_bound_logs(struct guest *g);

#endif
