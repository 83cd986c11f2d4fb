// Devices from which the guest boots, in order. Pure.
#ifndef VMB_BOOT_ORDER_H
#define VMB_BOOT_ORDER_H

#include "api/kinds/vmi.h"

/* What is wrong with the place 'mine' of the device 'me', which is item 'i' of the list 'path' ("disks", "interfaces"). */
MUST_CHECK struct err *boot_order_check(const struct vmi_spec *s, struct opt_int mine, const void *me, const char *path,
                                        size_t i);

#endif
