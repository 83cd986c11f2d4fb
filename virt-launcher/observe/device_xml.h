// What is to be given to libvirt to switch a device of a running guest: its own description of the device, changed.
#ifndef VMB_DEVICE_XML_H
#define VMB_DEVICE_XML_H

#include "base/err.h"

/* A network card, whose link is up or down, or a CD-ROM, whose medium is in or out. */
struct device_switch {
    const char *alias; /* of libvirt's device */
    bool is_cdrom;
    bool is_off; /* link down, medium out */
};

/* Of 'live', what the guest is now, the element of that device as it is to be; of 'kept', what it was started with, comes the medium.
 * 'ret_text' is NULL when it is so already, or when the CD-ROM was begun without a medium; else the caller frees it. Errors: ERR_INVALID when a
 * text cannot be read, ERR_NOT_FOUND when the guest has no such device. */
MUST_CHECK struct err *device_xml_switch(const char *live, const char *kept, const struct device_switch *s,
                                         char **ret_text);

#endif
