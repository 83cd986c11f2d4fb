// Which ports of a guest are let in: declared ones, those of probes and Services, the administrator's (launcher.md's live port set). Pure.
#ifndef VMB_OPEN_PORTS_H
#define VMB_OPEN_PORTS_H

#include "reconcile/vmi/vmi_view.h"

enum { OPEN_PORTS_MAX = 512 };

/* Sorted by protocol and number, each once; at most OPEN_PORTS_MAX. */
struct port_list open_ports(const struct vmi_view *v);

/* "tcp 22,80; udp 53" for status; NULL for none. */
const char *open_ports_text(struct arena *a, const struct port_list *ports);

#endif
