// The devices of a domain view: disks with their buses, letters and caches; networks with their addresses. Pure.
#ifndef VMB_DEVICE_VIEW_H
#define VMB_DEVICE_VIEW_H

#include "domain/domain_view.h"

/* Fills v->disks, v->has_scsi, v->has_usb, v->has_io_thread. Errors: ERR_INVALID naming the field. */
MUST_CHECK struct err *device_view_disks(const struct instance *i, const struct domain_facts *f, struct arena *a,
                                         struct domain_view *v);

/* Fills v->nics. Errors: ERR_INVALID naming the field. */
MUST_CHECK struct err *device_view_nics(const struct instance *i, const struct domain_facts *f, struct arena *a,
                                        struct domain_view *v);

/* "ua-<name>" with what libvirt takes in an alias, and short enough for the sockets that are named after it; a name that had to
 * change gets 'index' to stay unique. */
char *device_alias(struct arena *a, const char *name, size_t index);

#endif
