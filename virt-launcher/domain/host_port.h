// "host:port" and "[v6]:port", as the gateway's address is written. Pure.
#ifndef VMB_HOST_PORT_H
#define VMB_HOST_PORT_H

#include "base/base.h"

/* The host; NULL when the text is neither. The caller frees. 'ret_port' (may be NULL) points into the text. */
char *host_port_split(const char *text, const char **ret_port);

#endif
