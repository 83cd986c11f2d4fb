// What a launcher pod carries in its annotation vmbridge.io/instance: one run of a VMI, so that the guest boots with nobody else
// around. JSON, versioned; made by reconcile/, read by the launcher. It is stored with each pod: what an absent field means is not
// said, nor what the pod says of itself (placement, probes).
#ifndef VMB_INSTANCE_H
#define VMB_INSTANCE_H

#include "api/kinds/vmi.h"

enum { INSTANCE_VERSION = 2, INSTANCE_PORTS_MAX = 1024 };

/* Where a volume is inside the pod; the same names make the pod's mounts (reconcile/pod/pod_render) and the domain's disks. */
enum volume_kind {
    VOLUME_UNSET,
    VOLUME_IMAGE,
    VOLUME_PVC_FILE,
    VOLUME_PVC_BLOCK,
    VOLUME_EPHEMERAL_FILE, /* a claim that is only read, under an overlay */
    VOLUME_EPHEMERAL_BLOCK,
    VOLUME_HOST_DISK,
    VOLUME_EMPTY_DISK,
    VOLUME_CLOUD_INIT,
    VOLUME_FILES, /* of a ConfigMap, a Secret, the downward API, a ServiceAccount, or for sysprep */
};

struct instance_volume {
    const char *name;
    enum volume_kind kind;
};

struct instance_volume_list {
    struct instance_volume *items;
    size_t n;
};

/* How large a claim is that has a file system: a disk that is made in it stays within that. */
struct claim_capacity {
    const char *name; /* of the volume */
    struct quantity capacity;
};

struct claim_capacity_list {
    struct claim_capacity *items;
    size_t n;
};

struct instance {
    int64_t version;
    const char *namespace;
    const char *name;
    const char *uid;
    const char *gateway;      /* host:port, whom to report to; absent: nobody */
    const char *gateway_name; /* in its certificate; absent: the host */
    const char *system_uuid;  /* SMBIOS UUID that was derived; absent: the spec's */
    const char *machine_type; /* what an earlier start froze; absent: the spec's, or "q35" */
    enum tri use_emulation;   /* absent: KVM */
    enum tri vhost_net;       /* the node's kernel moves the packets of secondary networks; absent: QEMU */
    struct opt_int log_verbosity;
    struct opt_int overhead_bytes;
    struct str_list block_volumes;               /* those whose claim is a block device */
    struct claim_capacity_list claim_capacities; /* of the others, as far as it is known */
    struct str_list ports;                       /* "22", "53/udp": let in from the start */
    struct vmi_spec spec;                        /* as the VMI has it; instance_complete fills in what is absent */
    /* Not said, but made by instance_complete. */
    const char *hostname; /* of the guest: spec.hostname or the name */
    struct instance_volume_list volumes;
    struct port_list open_ports;
};

extern const struct type instance_type;

/* After decoding: defaults, and what follows from other fields. Lists are the arena's. Errors: ERR_INVALID for a port that is none. */
MUST_CHECK struct err *instance_complete(struct instance *i, struct arena *a);
/* The second half of it: what follows from other fields, the spec being as it is. */
MUST_CHECK struct err *instance_derive(struct instance *i, struct arena *a);
/* Ports as the annotation says them. */
struct str_list instance_ports(const struct port_list *ports, struct arena *a);

/* Label and value by which launcher pods are watched. */
#define LAUNCHER_LABEL "kubevirt.io"
#define LAUNCHER_LABEL_VALUE "virt-launcher"
/* Of a pod that a guest is moved to: UID of the migration. */
#define MIGRATION_LABEL "kubevirt.io/migrationJobUID"

#define INSTANCE_ANNOTATION "vmbridge.io/instance"
/* Whom launchers trust: "sha256:" and base64 of the digest of a CA certificate's DER, one a CA, with blanks between. */
#define GATEWAY_PINS_ANNOTATION "vmbridge.io/gateway-pins"
/* In pods of launchers that know no pins: the CAs themselves, PEM. */
#define GATEWAY_CA_ANNOTATION "vmbridge.io/gateway-ca"

/* File names inside the launcher container. All but block devices lie in one emptyDir, which counts as ephemeral storage; what is
 * mounted lies over it, and the launcher makes the folders run, data and tmp in it. */
#define LAUNCHER_DIR "/var/run/vmbridge"
#define LAUNCHER_INFO_DIR LAUNCHER_DIR "/info" /* projected: instance.json, gateway-pins, token */
#define LAUNCHER_RUN_DIR LAUNCHER_DIR "/run"   /* libvirt's runtime, sockets, ISO images */
#define LAUNCHER_DATA_DIR LAUNCHER_DIR "/data" /* overlays, emptyDisks */
#define LAUNCHER_TMP_DIR LAUNCHER_DIR "/tmp"   /* TMPDIR: the root is read-only */
#define LAUNCHER_DISK_DIR \
    LAUNCHER_DIR "/disks" /* DIR/<volume>: image volume, PVC with a file system (disk.img), folder of a hostDisk */
#define LAUNCHER_SECRET_DIR LAUNCHER_DIR "/secrets" /* DIR/<volume>/{user,network}: cloud-init secrets */
#define LAUNCHER_KERNEL_DIR LAUNCHER_DIR "/kernel"  /* image volume of a kernel that is booted without a boot loader */
#define LAUNCHER_FILES_DIR LAUNCHER_DIR "/files"    /* DIR/<volume>: files that a disk is made of */
#define LAUNCHER_CREDENTIALS_DIR LAUNCHER_DIR "/credentials" /* DIR/<place in accessCredentials>: its Secret */
#define LAUNCHER_STATE_DIR LAUNCHER_DIR "/state"             /* PVC of the machine's own state: NVRAM, TPM */
#define LAUNCHER_BLOCK_DIR "/dev/vmbridge"                   /* DIR/<volume>: PVC in Block mode */
#define GATEWAY_AUDIENCE "vmbridge-gateway"

#endif
