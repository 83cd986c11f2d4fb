// What the families of a domain's description share: where they come from, and what one of them says that another needs. What
// belongs to one family alone stands in its file under parts/. Pure: no file is opened here.
#ifndef VMB_DOMAIN_VIEW_H
#define VMB_DOMAIN_VIEW_H

#include "api/kinds/instance.h"
#include "domain/cpu_pins.h"
#include "domain/domain_facts.h"
#include "domain/pci_slots.h"

struct disk_view;
struct host_device_view;
struct nic_view;

/* Threads of QEMU for disks: the first ones are shared, the others belong to one disk each; or all are a pool. */
struct io_plan {
    int64_t n;
    int64_t n_shared;
    bool is_pool;
};

/* A NUMA node of the guest, made of one of the node's. */
struct guest_cell {
    int node;
    const char *cpus; /* of the guest: "0,1" */
    int64_t bytes;
};

struct domain_view {
    const struct instance *instance;
    struct domain_facts facts;
    struct arena *arena;
    bool is_emulated;
    const char *virtio_model; /* of disks, cards and controllers on virtio */
    int64_t memory_bytes;
    int64_t page_bytes;       /* of huge pages; 0: the node's usual ones */
    bool keeps_all_its_pages; /* none goes back to the node while the guest runs */
    bool is_efi;
    bool is_secure_boot;
    bool needs_vmx;           /* for a nested hypervisor's own format */
    bool needs_shared_memory; /* with passt, for vhost-user */
    bool needs_scsi;
    bool has_usb_disk;
    bool has_usb_device; /* a tablet, or one of the node */
    struct io_plan io;
    const struct cpu_pins *pins; /* NULL: its CPUs are others' too */
    const struct guest_cell *cells;
    size_t n_cells;
    bool is_realtime;
    struct pci_slots pci;
    const struct disk_view *disks;
    size_t n_disks;
    const struct host_device_view *host_devices;
    size_t n_host_devices;
    const struct nic_view *nics;
    size_t n_nics;
};

#endif
