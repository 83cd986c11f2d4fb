// Uses a device as a launcher would, in this process: what vmbridge-node --try does. It may block for ever; check.h does not.
#ifndef VMB_NODE_TRY_H
#define VMB_NODE_TRY_H

#include "device.h"

/* Opens the device for reading and writing below 'root'; on KVM, runs a virtual CPU. NULL: a launcher can use it.
 * Errors ERR_NOT_FOUND when there is none, ERR_RETRY with the reason. */
MUST_CHECK struct err *device_try(const struct device *d, const char *root);

#endif
