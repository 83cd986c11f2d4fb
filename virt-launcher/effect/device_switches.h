// Devices of a running guest that are switched: links of network cards, media of CD-ROMs. Worker thread; blocks in libvirt.
#ifndef VMB_DEVICE_SWITCHES_H
#define VMB_DEVICE_SWITCHES_H

#include <libvirt/libvirt.h>

#include "base/err.h"

/* A network card, whose link is up or down, or a CD-ROM, whose medium is in or out. */
struct device_switch {
    const char *alias; /* of libvirt's device */
    bool is_cdrom;
    bool is_off; /* link down, medium out */
};

/* How each of them is to be. */
struct device_switches {
    struct device_switch *items; /* aliases live as long as the process */
    size_t n;
};

MUST_CHECK struct device_switches device_switches_copy(const struct device_switches *s);
void device_switches_fini(struct device_switches *s);

/* Those that are so already are left alone. Goes on after one that fails. Errors: the first that happens. */
MUST_CHECK struct err *device_switches_apply(virDomainPtr dom, const struct device_switches *s);

#endif
