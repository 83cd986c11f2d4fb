// What stands behind "portforward/" in a path. Pure.
#ifndef VMB_PORT_FORWARD_H
#define VMB_PORT_FORWARD_H

#include "base/base.h"

/* Of "22/tcp" the port. NULL, or why it cannot be forwarded, a constant. */
MUST_CHECK const char *port_forward_read(const char *rest, unsigned *ret_port);

#endif
