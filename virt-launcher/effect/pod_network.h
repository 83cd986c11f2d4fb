// The pod's side of the network: what its interface is like, what passt must be told, which ports can be opened.
#ifndef VMB_POD_NETWORK_H
#define VMB_POD_NETWORK_H

#include "domain/domain_view.h"
#include "domain/parts/nic_view.h"
#include "domain/paths.h"
#include "domain/port_set.h"

struct pod_network {
    int64_t mtu;   /* 0: unknown */
    bool has_ipv6; /* a global address */
    char ip[46];   /* first global address, IPv4 before IPv6; "" */
};

/* Looks at "eth0". */
void pod_network_read(struct pod_network *ret_network);

/* The options that libvirt cannot give, one a line, where our wrapper of passt looks for them; and the limit of its receive buffers. */
MUST_CHECK struct err *pod_network_write_passt(const struct domain_view *v, const struct pod_network *n,
                                               const char *hostname, const struct paths *p);

/* Splits a set into the ports that can be listened on now and those that cannot. 'ret_errno' is the cause of the last that cannot, 0. */
void pod_network_try_ports(const struct port_set *wish, struct port_set *ret_free, struct port_set *ret_refused,
                           int *ret_errno);

/* The ports on which something in the pod listens. */
MUST_CHECK struct err *pod_network_listening(struct port_set *ret_set);

#endif
