// Where a device plugin says which devices a pod was given: names of the environment. Pure.
#ifndef VMB_HOST_RESOURCE_H
#define VMB_HOST_RESOURCE_H

#include "base/arena.h"

#define HOST_RESOURCE_PCI "PCI_RESOURCE"
#define HOST_RESOURCE_MDEV "MDEV_PCI_RESOURCE"
#define HOST_RESOURCE_USB "USB_RESOURCE"

/* "PCI_RESOURCE_VENDOR_EXAMPLE_GA102" of PCI_RESOURCE and vendor.example/GA102: capitals, and '_' for what is no letter or digit. */
char *host_resource_variable(struct arena *a, const char *prefix, const char *resource);

#endif
