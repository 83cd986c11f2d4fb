// VirtualMachineInstance, kubevirt.io/v1: what our guests need as structs; what is not typed here is kept as JSON.
// Described by the field tables in vmi_*.c; decoded by api_decode(&vmi_type, ...). Pointers are NULL when the field is absent.
#ifndef VMB_VMI_H
#define VMB_VMI_H

#include "api/kinds/hardware.h"
#include "api/kinds/vmi_machine.h"
#include "api/walk/field.h"
#include "api/walk/meta.h"

/* Holds an instance until its launcher pod is gone, so that no second QEMU starts on its disks. */
#define VMI_FINALIZER "kubevirt.io/foregroundDeleteVirtualMachine"
/* Label of an instance and its pod: the node it runs on. */
#define NODE_LABEL "kubevirt.io/nodeName"

enum disk_bus { DISK_BUS_UNSET, DISK_BUS_VIRTIO, DISK_BUS_SATA, DISK_BUS_SCSI, DISK_BUS_USB };
enum disk_cache { DISK_CACHE_UNSET, DISK_CACHE_NONE, DISK_CACHE_WRITETHROUGH, DISK_CACHE_WRITEBACK };
enum disk_io { DISK_IO_UNSET, DISK_IO_NATIVE, DISK_IO_THREADS };
enum disk_error_policy { DISK_ERROR_UNSET, DISK_ERROR_STOP, DISK_ERROR_IGNORE, DISK_ERROR_REPORT, DISK_ERROR_ENOSPACE };
enum tray_state { TRAY_UNSET, TRAY_OPEN, TRAY_CLOSED };
enum port_protocol { PROTOCOL_UNSET, PROTOCOL_TCP, PROTOCOL_UDP };
enum start_strategy { START_UNSET, START_PAUSED };
enum watchdog_action { WATCHDOG_UNSET, WATCHDOG_POWEROFF, WATCHDOG_RESET, WATCHDOG_SHUTDOWN };

struct disk_target { /* of disk, lun and cdrom */
    enum disk_bus bus;
    enum tri readonly;
    const char *pci_address;
    enum tray_state tray; /* cdrom */
};

/* Bytes; powers of two, as validation holds. */
struct block_size {
    int64_t logical;
    int64_t physical;
    struct opt_int discard_granularity;
};

struct disk {
    const char *name;
    struct disk_target *disk; /* at most one of the three; none: a disk */
    struct disk_target *lun;
    struct disk_target *cdrom;
    struct opt_int boot_order;
    const char *serial;
    enum disk_cache cache;
    enum disk_io io;
    enum disk_error_policy error_policy;
    enum tri shareable;
    enum tri dedicated_io_thread;
    struct block_size *block_size;
    enum tri match_volume; /* its block size is that of the volume */
};

struct disk_list {
    struct disk *items;
    size_t n;
};

struct port {
    const char *name;
    enum port_protocol protocol; /* unset: TCP */
    int64_t port;
};

struct port_list {
    struct port *items;
    size_t n;
};

struct interface {
    const char *name;
    const char *model; /* virtio, e1000, e1000e, rtl8139, ...; NULL: virtio */
    bool masquerade;   /* exactly one binding; none: the default one */
    bool bridge;
    const json_t *other_binding; /* sriov, binding, passtBinding ...: not run yet; kept */
    const char *mac_address;
    struct port_list ports;
    struct opt_int boot_order;
    const char *pci_address;
    const char *state;  /* up, down, absent */
    int64_t acpi_index; /* 0: none */
};

struct interface_list {
    struct interface *items;
    size_t n;
};

struct network_pod {
    const char *vm_network_cidr;
    const char *vm_ipv6_network_cidr;
};

/* What a NetworkAttachmentDefinition describes. */
struct network_multus {
    const char *network_name; /* NAME or NAMESPACE/NAME */
    enum tri is_default;      /* it takes the place of the pod's own network */
};

struct network {
    const char *name;
    struct network_pod *pod;
    struct network_multus *multus;
    const json_t *resource_claim;
    const char *network_name; /* networkName of a converter: without a type beside it, the pod's network */
};

struct network_list {
    struct network *items;
    size_t n;
};

struct local_ref {
    const char *name;
};

struct volume_pvc {
    const char *claim_name;
    enum tri read_only;
};

struct volume_container_disk {
    const char *image;
    const char *image_pull_secret;
    const char *path; /* inside the image; NULL: the one file under /disk */
    enum pull_policy image_pull_policy;
};

struct volume_cloud_init {
    const char *user_data;
    const char *user_data_base64;
    struct local_ref *secret_ref; /* keys userdata, or user-data */
    const char *network_data;
    const char *network_data_base64;
    struct local_ref *network_data_secret_ref; /* keys networkdata, or network-data */
};

struct volume_empty_disk {
    struct quantity capacity;
};

struct volume_object { /* configMap, secret: its files */
    const char *name;
    enum tri optional;
    const char *volume_label;
};

struct volume_downward_api {
    const json_t *fields; /* rendered into the pod as they are */
    const char *volume_label;
};

struct volume_service_account {
    const char *name;
};

struct volume_host_disk {
    const char *path; /* of the node */
    const char *type; /* Disk, DiskOrCreate */
    struct quantity capacity;
};

struct volume_sysprep { /* exactly one of both */
    struct local_ref *config_map;
    struct local_ref *secret;
};

struct volume {
    const char *name;
    struct volume_pvc *pvc;         /* exactly one source */
    struct volume_pvc *data_volume; /* the claim of its name, which CDI makes and fills */
    struct volume_container_disk *container_disk;
    struct volume_cloud_init *cloud_init_no_cloud;
    struct volume_cloud_init *cloud_init_config_drive;
    struct volume_empty_disk *empty_disk;
    struct volume_object *config_map;
    struct volume_object *secret;
    struct volume_downward_api *downward_api;
    struct volume_service_account *service_account;
    struct volume_sysprep *sysprep;
    struct volume_pvc *ephemeral; /* its claim */
    struct volume_host_disk *host_disk;
    const json_t *other;      /* any other source: accepted and kept, not run yet */
    const char *other_source; /* its key, for messages */
};

/* The claim that the guest writes to; NULL: none. */
static inline const struct volume_pvc *
volume_own_claim(const struct volume *v)
{
    return v->pvc ? v->pvc : v->data_volume;
}

/* The claim that is behind it, itself or under what the guest writes; NULL: none. */
static inline const struct volume_pvc *
volume_claim(const struct volume *v)
{
    return volume_own_claim(v) ? volume_own_claim(v) : v->ephemeral;
}

struct volume_list {
    struct volume *items;
    size_t n;
};

struct watchdog {
    const char *name;
    enum watchdog_action action;
};

struct domain_spec {
    struct resources resources;
    struct cpu cpu;
    struct memory memory;
    const char *machine_type;
    struct firmware firmware;
    struct chassis chassis;
    struct features features;
    struct clock clock;
    enum io_threads_policy io_threads_policy;
    struct opt_int io_pool_threads; /* of the policy supplementalPool */
    enum tri block_multi_queue;
    enum tri network_multi_queue;
    bool rng;
    struct watchdog *watchdog;
    struct input_list inputs;
    struct sound *sound;
    struct video *video;
    struct panic_device_list panic_devices;
    struct tpm *tpm;
    struct node_device_list gpus;
    struct node_device_list host_devices;
    enum tri autoattach_input_device;
    enum tri autoattach_vsock;
    enum tri use_virtio_transitional;
    enum tri autoattach_pod_interface;
    enum tri autoattach_serial_console;
    enum tri autoattach_graphics_device;
    enum tri autoattach_mem_balloon;
    enum tri log_serial_console;
    struct disk_list disks;
    struct interface_list interfaces;
};

struct probe {
    const json_t *raw;        /* rendered into the pod as it is */
    struct opt_int http_port; /* httpGet.port or tcpSocket.port when it is a number */
    bool http_get;
    bool tcp_socket;
};

struct agent_users {
    struct str_list users;
};

struct ssh_public_key {
    const char *secret_name;
    bool config_drive; /* exactly one way */
    bool no_cloud;
    struct agent_users *agent;
};

struct user_password {
    const char *secret_name;
    bool agent;
};

struct access_credential { /* exactly one of both */
    struct ssh_public_key *ssh;
    struct user_password *password;
};

struct access_credential_list {
    struct access_credential *items;
    size_t n;
};

struct vmi_spec {
    const json_t *json; /* as the user wrote it, also what has no member here; NULL when made by hand */
    struct domain_spec domain;
    struct network_list networks;
    struct volume_list volumes;
    struct access_credential_list access_credentials;
    struct str_map node_selector;
    const json_t *affinity; /* rendered into the pod as they are */
    const json_t *tolerations;
    const json_t *topology_spread_constraints;
    const json_t *dns_config;
    const char *dns_policy;
    const char *scheduler_name;
    const char *priority_class_name;
    const char *hostname;
    const char *subdomain;
    const char *architecture;
    const char *eviction_strategy;
    enum start_strategy start_strategy;
    struct opt_int termination_grace_period_s;
    struct probe *liveness_probe;
    struct probe *readiness_probe;
};

/* Status: only the fields that vmbridge writes; a patch never touches others. */
struct phase_transition {
    const char *phase;
    const char *time; /* phaseTransitionTimestamp */
};

struct phase_transition_list {
    struct phase_transition *items;
    size_t n;
};

struct interface_status {
    const char *name;
    const char *ip_address;
    struct str_list ip_addresses;
    const char *mac;
    const char *interface_name;
    const char *pod_interface_name;
    const char *info_source; /* "domain, guest-agent" */
    struct opt_int queue_count;
    const char *link_state;
};

struct interface_status_list {
    struct interface_status *items;
    size_t n;
};

struct guest_os_info {
    const char *name;
    const char *kernel_release;
    const char *version;
    const char *pretty_name;
    const char *version_id;
    const char *kernel_version;
    const char *machine;
    const char *id;
};

struct cpu_topology {
    int64_t cores;
    int64_t sockets;
    int64_t threads;
};

struct memory_status {
    const char *guest_at_boot;
    const char *guest_current;
    const char *guest_requested;
    const char *memory_overhead;
};

struct pvc_info {
    const char *claim_name;
    struct str_list access_modes;
    const char *volume_mode;
    struct str_map capacity;
    struct str_map requests;
};

struct volume_status {
    const char *name;
    const char *target; /* vda, sda */
    const char *phase;
    const char *reason;
    const char *message;
    struct opt_int size; /* bytes */
    struct pvc_info *pvc_info;
};

struct volume_status_list {
    struct volume_status *items;
    size_t n;
};

/* A field of the spec that is read otherwise than it is written, or has no effect. */
struct repair {
    const char *path; /* from the object on */
    const char *message;
};

enum { REPAIRS_MAX = 32 };

struct repair_list {
    struct repair *items;
    size_t n;
};

/* status.bridge of a VMI: what KubeVirt has no field for. */
struct vmi_bridge {
    const char *open_ports;     /* "tcp 22,80,8080; udp 53": what is let in now */
    struct opt_int guest_users; /* logged-in users that the agent counts */
    const char *guest_hostname;
    const char *exit;           /* how the last run ended: shutdown, destroyed, crashed */
    const char *pod;            /* name of the launcher pod that has the guest */
    struct str_map other_pods;  /* pod UID: name, of those beside it: while the guest is moved */
    struct repair_list repairs; /* of an instance without a machine: else that tells them */
};

struct vmi_status {
    const char *phase;
    const char *reason;
    const char *node_name;
    struct opt_int observed_generation;
    struct condition_list conditions;
    struct phase_transition_list phase_transitions;
    struct str_map active_pods; /* pod UID: node */
    struct opt_int runtime_user;
    const char *launcher_image;
    const char *machine_type;
    const char *qos_class;
    struct interface_status_list interfaces;
    struct guest_os_info *guest_os;
    struct cpu_topology *topology;
    struct memory_status *memory;
    struct opt_int vsock_cid;
    struct volume_status_list volumes;
    struct vmi_bridge *bridge;
};

struct vmi {
    struct meta meta;
    struct vmi_spec spec;
    struct vmi_status status;
};

extern const struct type vmi_type;        /* struct vmi */
extern const struct type vmi_header_type; /* struct vmi: its status alone */
extern const struct type vmi_spec_type;   /* struct vmi_spec: also of a VM's template */

#endif
