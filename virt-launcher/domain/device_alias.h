// The names that libvirt knows our devices by. Pure.
#ifndef VMB_DEVICE_ALIAS_H
#define VMB_DEVICE_ALIAS_H

#include "base/arena.h"

/* "ua-<name>" with what libvirt takes in an alias, and short enough for the sockets that are named after it; a name that had to
 * change gets 'index' to stay unique. */
char *device_alias(struct arena *a, const char *name, size_t index);

#endif
