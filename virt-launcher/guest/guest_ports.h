// The ports that are let in: of the instance, until the gateway says otherwise.
#ifndef VMB_GUEST_PORTS_H
#define VMB_GUEST_PORTS_H

#include "guest/guest_state.h"

/* Before anything else: what becomes of ports is told. */
void guest_ports_init(struct guest *g);
/* Opens them once both the guest and its description are there. A manager that came later leaves more open until it is told. */
void guest_ports_open(struct guest *g);
/* The gateway's word. */
void guest_ports_wish(struct guest *g, const struct port_list *wish);

#endif
