// What is to be given to libvirt to change the medium of a running guest's CD-ROM: its own description of the device, changed.
#ifndef VMB_CDROM_XML_H
#define VMB_CDROM_XML_H

#include "base/err.h"

/* Of 'live', what the guest is now, the element of the CD-ROM of that alias as it is to be; of 'kept', what the guest was started with, comes
 * the medium. 'ret_text' is NULL when it is so already, or when the CD-ROM was begun without a medium; else the caller frees it. Errors:
 * ERR_INVALID when a text cannot be read, ERR_NOT_FOUND when the guest has no such device. */
MUST_CHECK struct err *cdrom_xml_switch(const char *live, const char *kept, const char *alias, bool is_out,
                                        char **ret_text);

#endif
