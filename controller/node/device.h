// A device that the node may offer, as it is configured: `kvm=/dev/kvm:1000`.
#ifndef VMB_NODE_DEVICE_H
#define VMB_NODE_DEVICE_H

#include "base/err.h"

enum { DEVICES_MAX = 8, DEVICE_NAME_SIZE = 32, DEVICE_PATH_SIZE = 256, SHARES_DEFAULT = 1000, SHARES_MAX = 10000 };

struct device {
    char name[DEVICE_NAME_SIZE]; /* the resource is devices.kubevirt.io/NAME */
    char path[DEVICE_PATH_SIZE]; /* on the node, and in the containers that get it */
    unsigned shares;             /* how many containers may have it at once */
    bool is_forced;              /* offered although the check says no */
};

/* Reads "NAME", "NAME=PATH" or "NAME=PATH:SHARES"; without a path NAME must be one that has a usual place.
 * Errors ERR_INVALID with a sentence for the terminal. */
MUST_CHECK struct err *device_parse(const char *text, struct device *ret_device);

#endif
