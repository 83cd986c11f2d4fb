// What guests libvirt can run here (api/kinds/node_capabilities.h). Blocks; any thread.
#ifndef VMB_CAPABILITIES_READ_H
#define VMB_CAPABILITIES_READ_H

#include <libvirt/libvirt.h>

#include "api/kinds/node_capabilities.h"

/* 'hypervisor' is "kvm" or "qemu". Strings are the arena's. Errors: ERR_RETRY with libvirt's words; ERR_INVALID when it has no such
 * hypervisor. */
MUST_CHECK struct err *capabilities_read(virConnectPtr conn, const char *hypervisor, struct arena *a,
                                         struct domain_capabilities *ret_capabilities);

/* Of the XML of domain capabilities: hypervisor, models and host model; of a CPU: its features; of a host's capabilities: machine types.
 * Errors: ERR_INVALID when it is no such XML. */
MUST_CHECK struct err *capabilities_of_domain(const char *xml, struct arena *a, struct domain_capabilities *c);
MUST_CHECK struct err *capabilities_of_cpu(const char *xml, struct arena *a, struct domain_capabilities *c);
MUST_CHECK struct err *capabilities_of_host(const char *xml, struct arena *a, struct domain_capabilities *c);

/* Of domain capabilities the host model, as the CPU that libvirt expands to features. The caller frees; NULL when there is none. */
char *capabilities_host_cpu(const char *xml);

#endif
