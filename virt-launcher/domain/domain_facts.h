// What the launcher found in its pod: all that a domain's description rests on beside the instance.
#ifndef VMB_DOMAIN_FACTS_H
#define VMB_DOMAIN_FACTS_H

#include "api/kinds/launcher_msg.h"

/* One volume as it lies in the pod. Strings are borrowed. */
struct disk_facts {
    const char *volume;
    const char *path;
    const char *format;       /* "raw", "qcow2": given, never probed from what a guest may write */
    const char *backing_path; /* of an overlay; NULL: none */
    const char *backing_format;
    int64_t size_bytes;          /* as the guest sees it */
    int64_t logical_block_bytes; /* of the device, or of the file system that holds the file */
    int64_t physical_block_bytes;
    bool is_block;
    bool is_backing_block;
    bool is_readonly;
    bool has_o_direct; /* O_DIRECT works on the file and on what backs it */
    bool is_preallocated;
};

/* A CPU of the node that this pod may use. */
struct node_cpu {
    int id;
    int core; /* the same for those that are threads of one core */
    int node; /* of NUMA */
};

/* What a device plugin says in the pod's environment of the devices behind one resource: addresses, joined by commas. NULL: nothing. */
struct host_resource {
    const char *name; /* vendor.example/model */
    const char *pci;  /* 0000:65:00.0 */
    const char *mdev; /* UUIDs */
    const char *usb;  /* bus:device */
};

/* An interface of the pod for a secondary network. */
struct tap_facts {
    const char *name;
    bool is_tap;
    bool may_open; /* its owner and group let the launcher */
    bool is_multi_queue;
    int64_t mtu; /* 0: unknown */
};

/* What the pod gives. Strings and lists are borrowed for the life of the view. */
struct domain_facts {
    const char *run_dir;
    const char *state_dir; /* of a guest whose NVRAM or TPM is kept */
    const struct disk_facts *disks;
    size_t n_disks;
    const struct port_list *start_ports; /* those that can be opened */
    bool pod_has_ipv6;
    const char *kernel; /* files of the image; NULL: there is none */
    const char *initrd;
    const char *slic; /* tables of ACPI; NULL: there is none */
    const char *msdm;
    const struct node_cpu *cpus; /* by number; read for guests with CPUs of their own only */
    size_t n_cpus;
    bool may_bind_memory;                  /* to NUMA nodes */
    bool may_run_realtime;                 /* threads of QEMU, with their memory locked */
    bool has_timezone;                     /* the one of the spec is in the image */
    const struct host_resource *resources; /* those that the instance names */
    size_t n_resources;
    const struct tap_facts *taps; /* those that are there */
    size_t n_taps;
    struct str_list bridge_macs; /* of bridges in the pod, and of their ports */
};

#endif
