// Devices that are switched while the guest runs: links of its network cards, media of its CD-ROMs.
#ifndef VMB_GUEST_DEVICES_H
#define VMB_GUEST_DEVICES_H

#include "guest/guest_state.h"

/* The guest is described: so it is begun, or so it was. */
void guest_devices_init(struct guest *g);
/* The gateway's word, for the next step; NULL: it says nothing of them. */
void guest_devices_wish(struct guest *g, const struct device_wish *wish);
/* Has libvirt switch what is not as it was wished; in some seconds again when it cannot. */
void guest_devices_switch(struct guest *g);
void guest_devices_took(struct guest *g, const struct hypervisor_result *r);

#endif
