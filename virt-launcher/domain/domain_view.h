// What one guest's virtual machine is, resolved: the instance, and the facts that the launcher found in its pod, become devices
// with names, buses and files. Pure: no file is opened here.
#ifndef VMB_DOMAIN_VIEW_H
#define VMB_DOMAIN_VIEW_H

#include "api/kinds/instance.h"
#include "api/rules/pci_address.h"

enum { DOMAIN_DISKS_MAX = 64, DOMAIN_NICS_MAX = 16, DOMAIN_VCPUS_MAX = 512, DOMAIN_GRACE_MAX_S = INT32_MAX };

/* One volume as it lies in the pod. Strings are borrowed. */
struct disk_facts {
    const char *volume;
    const char *path;
    const char *format;       /* "raw", "qcow2": given, never probed from what a guest may write */
    const char *backing_path; /* of an overlay; NULL: none */
    const char *backing_format;
    int64_t size_bytes; /* as the guest sees it */
    bool is_block;
    bool is_readonly;
    bool has_o_direct; /* O_DIRECT works on the file and on what backs it */
    bool is_preallocated;
};

/* A disk at which a read or write failed, so that the guest is paused. */
struct disk_trouble {
    char target[16];  /* vda */
    const char *what; /* DISK_NO_SPACE, DISK_IO_ERROR; static */
};

/* What the pod gives. Strings and lists are borrowed for the life of the view. */
struct domain_facts {
    const char *run_dir;
    const char *state_dir; /* of a guest whose NVRAM is kept */
    const struct disk_facts *disks;
    size_t n_disks;
    const struct port_list *start_ports; /* those that can be opened */
    bool pod_has_ipv6;
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
    bool has_io_thread;
    bool is_tray_open;
    int64_t boot_order;            /* 0: none */
    const struct pci_address *pci; /* NULL: libvirt's choice */
};

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
    const struct pci_address *pci;
};

struct domain_view {
    const char *name; /* <namespace>_<name> */
    const char *uid;
    const char *uuid;
    const char *serial;
    const char *machine;
    bool is_emulated;
    int64_t memory_bytes;
    bool is_memory_shared; /* with passt, which vhost-user needs */
    int64_t sockets, cores, threads;
    const char *cpu_mode;  /* host-model, host-passthrough, maximum, custom */
    const char *cpu_model; /* of custom */
    bool has_acpi, is_efi, is_secure_boot, is_bios_serial;
    bool has_serial, has_serial_log, has_graphics, has_balloon, has_rng, has_scsi, has_usb, has_io_thread;
    bool is_start_paused;
    unsigned n_root_ports; /* PCI slots, free ones for later hot-plug included */
    int64_t grace_s;
    const char *run_dir;
    const char *nvram; /* of UEFI; else NULL */
    const struct disk_view *disks;
    size_t n_disks;
    const struct nic_view *nics;
    size_t n_nics;
    const struct port_list *start_ports;
};

/* Names of the sockets and files under run_dir. */
#define DOMAIN_SERIAL_SOCKET "serial.sock"
#define DOMAIN_CONSOLE_LOG "console.log"
#define DOMAIN_VNC_SOCKET "vnc.sock"
#define DOMAIN_AGENT_SOCKET "agent.sock"
#define DOMAIN_NVRAM "nvram.fd" /* or in the claim of state, which outlives the pod */
#define DOMAIN_PASST_DIR "passt"
#define DOMAIN_PASST_SOCKET "passt.conf"

/* Resolves 'i'. Everything in the view is the arena's or borrowed from the arguments.
 * Errors: ERR_INVALID naming the field that this launcher cannot run, and the way out. */
MUST_CHECK struct err *domain_view(const struct instance *i, const struct domain_facts *f, struct arena *a,
                                   struct domain_view *ret_view);

/* The libvirt name of an instance. */
char *domain_name(struct arena *a, const struct instance *i);
/* Seconds between the request to shut down and switching off. */
int64_t domain_grace_s(const struct instance *i);

#endif
