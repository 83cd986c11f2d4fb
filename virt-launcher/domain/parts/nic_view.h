// What of a guest's network cards others must know: the status, whoever starts passt, and the files that describe each kind.
#ifndef VMB_NIC_VIEW_H
#define VMB_NIC_VIEW_H

#include "api/rules/pci_address.h"
#include "base/base.h"

enum { DOMAIN_NICS_MAX = 32 };

struct nic_view {
    const char *network;
    const char *alias;
    const char *model;
    bool is_virtio;
    const char *mac;
    bool is_down;
    int64_t boot_order;
    int64_t acpi_index; /* 0: none */
    const struct pci_address *pci;
    /* On the pod network, through passt. */
    bool is_vhost_user;    /* passt reads and writes the guest's memory; else packets go through a stream socket */
    int64_t receive_bytes; /* of each TCP socket of passt, where the card drops what comes at once; 0: any */
    bool is_masquerade;
    const char *ip4; /* masquerade: the guest's private address; else NULL */
    int64_t prefix4;
    const char *gateway4;
    const char *ip6;
    /* On a secondary network, through a tap. */
    const char *tap;    /* the pod's interface; NULL: it is on the pod network */
    bool is_vhost;      /* the node's kernel moves its packets */
    int64_t tap_queues; /* 1: one */
    int64_t mtu;        /* that the guest is told; 0: its driver's own */
};

#endif
