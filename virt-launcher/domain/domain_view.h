// What the families of a domain's description share: where they come from, and what one of them says that another needs. What
// belongs to one family alone stands in its file under parts/. Pure: no file is opened here.
#ifndef VMB_DOMAIN_VIEW_H
#define VMB_DOMAIN_VIEW_H

#include "api/kinds/instance.h"
#include "domain/domain_facts.h"
#include "domain/pci_slots.h"

struct disk_view;
struct host_device_view;
struct nic_view;

struct domain_view {
    const struct instance *instance;
    struct domain_facts facts;
    struct arena *arena;
    bool is_emulated;
    const char *virtio_model; /* of disks, cards and controllers on virtio */
    int64_t memory_bytes;
    bool is_efi;
    bool is_secure_boot;
    bool needs_shared_memory; /* with passt, for vhost-user */
    bool needs_io_thread;
    bool needs_scsi;
    bool has_usb_disk;
    bool has_usb_device; /* a tablet, or one of the node */
    struct pci_slots pci;
    const struct disk_view *disks;
    size_t n_disks;
    const struct host_device_view *host_devices;
    size_t n_host_devices;
    const struct nic_view *nics;
    size_t n_nics;
};

#endif
