// What of the image and of the node a machine may ask for beside disks and network.
#ifndef VMB_POD_MACHINE_H
#define VMB_POD_MACHINE_H

#include <stdbool.h>

/* The C library of QEMU finds the zone; 'zone' is a name of the IANA database, NULL and "" are none. */
bool pod_has_timezone(const char *zone);

#endif
