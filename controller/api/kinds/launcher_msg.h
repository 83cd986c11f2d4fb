// What launcher and gateway say to each other: one JSON text per WebSocket message (design.md 3.3). Each message is whole state,
// not a change, so it can be repeated or lost; what is asked for once is in launcher_request.h. Unknown fields are ignored. All memory is the arena's.
#ifndef VMB_LAUNCHER_MSG_H
#define VMB_LAUNCHER_MSG_H

#include "api/kinds/vmi.h"

enum { LAUNCHER_MSG_VERSION = 1, LAUNCHER_MSG_MAX = 64 * 1024 };

#define LAUNCHER_MSG_PATH "/v1/launcher"
#define LAUNCHER_MSG_PROTOCOL "vmbridge-launcher-v1"

enum domain_state { /* libvirt's virDomainState, and "absent" before the first start */
                    DOMAIN_ABSENT,
                    DOMAIN_STARTING, /* disks are prepared, QEMU starts */
                    DOMAIN_RUNNING,
                    DOMAIN_PAUSED,
                    DOMAIN_SHUTDOWN, /* the guest powers off */
                    DOMAIN_SHUTOFF,  /* gone, of its own will or by us: see reason */
                    DOMAIN_CRASHED,  /* QEMU died or the guest panicked */
};

struct agent_interface {
    const char *name;
    const char *mac;
    struct str_list ip_addresses;
};

struct agent_interface_list {
    struct agent_interface *items;
    size_t n;
};

/* What the guest agent says; hostile input, cleaned by the launcher: printable UTF-8, capped. */
struct agent_state {
    enum tri connected;
    const char *version;
    const char *hostname;
    struct guest_os_info os;
    struct agent_interface_list interfaces;
    struct opt_int users;
    enum tri credentials; /* accessCredentials were set by the agent; unset: there are none, or they were not tried yet */
    const char *credentials_message;
};

struct disk_state {
    const char *volume;
    const char *target;  /* vda */
    struct opt_int size; /* bytes */
    const char *error;   /* why the guest is paused (io-error): DISK_NO_SPACE, DISK_IO_ERROR; NULL: nothing is wrong */
};

#define DISK_NO_SPACE "no-space"
#define DISK_IO_ERROR "io-error"

struct disk_state_list {
    struct disk_state *items;
    size_t n;
};

struct nic_state {
    const char *network;
    struct opt_int queues;
    const char *mac;
    const char *link; /* LINK_UP or LINK_DOWN */
    const char *ip;   /* the address the guest has been given; the pod's under bridge, private under masquerade */
};

#define LINK_UP "up"
#define LINK_DOWN "down"

struct nic_state_list {
    struct nic_state *items;
    size_t n;
};

/* Up: state of the guest. Also the container's termination message, when it ends. */
struct launcher_state {
    int64_t version;
    const char *vmi_uid;
    int64_t seq; /* grows with each message of one launcher process */
    enum domain_state state;
    const char *reason; /* shutdown, destroyed, crashed, failed, panicked, io-error, user, start-failed, migrated ... */
    const char *message;         /* for people; names the field when the spec is at fault */
    enum tri invalid;            /* the spec is at fault: do not try again before it changes */
    struct opt_int since_s;      /* wall clock of the last change of 'state' */
    struct opt_int started_s;    /* QEMU's start */
    struct opt_int memory_bytes; /* guest's current memory */
    const char *machine_type;    /* the versioned one that QEMU runs, "pc-q35-10.0" */
    struct agent_state agent;
    struct disk_state_list disks;
    struct nic_state_list nics;
    struct port_list open_ports; /* what passt lets in now */
};

/* How the devices of the guest that can be switched while it runs are to be. Whole: one that is not named is up, or closed. */
struct device_wish {
    struct str_list links_down; /* names of interfaces */
    struct str_list trays_open; /* names of CD-ROMs: their media are out */
};

/* Down: what the controller wants of this launcher. */
struct launcher_desired {
    int64_t version;
    const char *vmi_uid;
    struct port_list open_ports; /* whole set, in any order */
    struct opt_int log_verbosity;
    struct device_wish *devices; /* NULL: nothing is said of them, as a controller does that is older */
};

/* Down: this replica does not lead; dial that one ("10.0.0.7:8443"; "" when nobody leads yet), then close. */
struct launcher_redirect {
    int64_t version;
    const char *address;
};

extern const struct type agent_state_type;
extern const struct type launcher_state_type;
extern const struct type launcher_desired_type;
extern const struct type launcher_redirect_type;

/* The "type" key of a message. */
#define LAUNCHER_MSG_STATE "state"
#define LAUNCHER_MSG_DESIRED "desired"
#define LAUNCHER_MSG_REDIRECT "redirect"

/* Reads one message: its "type" (borrowed from 'j') after checking the version. All its strings are fit to be shown (utf8_clean): a
 * launcher may be in the hands of its guest, and what it says is stored in status and events. */
MUST_CHECK struct err *launcher_msg_parse(const char *text, size_t len, json_t **ret_json, const char **ret_type);

/* Text of a message of 't', compact. The caller frees. */
MUST_CHECK char *launcher_msg_write(const char *type, const struct type *t, const void *msg);

#endif
