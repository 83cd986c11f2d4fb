// What of a guest's disks others must know: the status, and whoever looks why a guest is paused.
#ifndef VMB_PART_DISK_H
#define VMB_PART_DISK_H

#include "api/kinds/instance.h"
#include "api/rules/pci_address.h"
#include "domain/domain_facts.h"

enum { DOMAIN_DISKS_MAX = 64 };

/* A disk at which a read or write failed, so that the guest is paused. */
struct disk_trouble {
    char target[16];  /* vda */
    const char *what; /* DISK_NO_SPACE, DISK_IO_ERROR; static */
};

struct disk_view {
    const struct disk_facts *facts;
    const char *alias;
    const char *device; /* disk, lun, cdrom */
    const char *bus;
    const char *model;  /* of a virtio disk; else NULL */
    const char *target; /* vda, sda */
    const char *cache;
    const char *io; /* NULL: libvirt's choice */
    const char *error_policy;
    const char *serial;
    bool is_readonly;
    bool is_shareable;
    bool has_discard;
    int64_t io_thread; /* 0: none, or all of a pool */
    bool is_tray_open;
    int64_t boot_order;            /* 0: none */
    struct block_size block_size;  /* logical 0: libvirt's choice */
    const struct pci_address *pci; /* NULL: libvirt's choice */
};

#endif
