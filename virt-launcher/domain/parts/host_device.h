// A device of the node that the guest has. Pure.
#ifndef VMB_PART_HOST_DEVICE_H
#define VMB_PART_HOST_DEVICE_H

#include "api/rules/pci_address.h"
#include "base/base.h"

enum { DOMAIN_HOST_DEVICES_MAX = 32 };

enum host_device_kind { HOST_DEVICE_PCI, HOST_DEVICE_MDEV, HOST_DEVICE_USB };

struct host_device_view {
    enum host_device_kind kind;
    const char *alias;
    const char *address;    /* as the device plugin says it */
    struct pci_address pci; /* of PCI: on the node */
    unsigned usb_bus, usb_device;
    bool has_display, has_ramfb;
    unsigned port; /* which of the last root ports it is on; not of USB */
};

#endif
