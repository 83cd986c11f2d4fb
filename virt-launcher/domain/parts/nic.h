// What of a guest's network cards others must know: the status, and whoever starts passt.
#ifndef VMB_PART_NIC_H
#define VMB_PART_NIC_H

#include "api/rules/pci_address.h"
#include "base/base.h"

enum { DOMAIN_NICS_MAX = 16 };

struct nic_view {
    const char *network;
    const char *alias;
    const char *model;
    bool is_vhost_user;    /* passt reads and writes the guest's memory; else packets go through a stream socket */
    int64_t receive_bytes; /* of each TCP socket of passt, where the card drops what comes at once; 0: any */
    const char *mac;
    bool is_masquerade;
    const char *ip4; /* masquerade: the guest's private address; else NULL */
    int64_t prefix4;
    const char *gateway4;
    const char *ip6;
    bool is_down;
    int64_t boot_order;
    int64_t acpi_index; /* 0: none */
    const struct pci_address *pci;
};

#endif
