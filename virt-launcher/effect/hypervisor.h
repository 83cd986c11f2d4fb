// The guest's libvirt domain: each call is a job on a lane, its result comes back on the loop. The connection is made again by the
// caller when it is lost; the guest does not notice. Loop thread.
#ifndef VMB_HYPERVISOR_H
#define VMB_HYPERVISOR_H

#include "base/log.h"
#include "effect/credentials.h"
#include "effect/device_switches.h"
#include "effect/lane.h"
#include "observe/domain_read.h"
#include "observe/libvirt_events.h"

enum hypervisor_call {
    HYPERVISOR_CONNECT, /* opens, asks for events, looks for the domain */
    HYPERVISOR_START,   /* defines and starts it */
    HYPERVISOR_RESUME,
    HYPERVISOR_SHUTDOWN,
    HYPERVISOR_DESTROY,
    HYPERVISOR_READ,
    HYPERVISOR_AGENT,
    HYPERVISOR_SWITCH, /* devices, by hypervisor_switch */
    /* What is asked for by somebody, one at a time. */
    HYPERVISOR_PAUSE,
    HYPERVISOR_UNPAUSE,
    HYPERVISOR_REBOOT,
    HYPERVISOR_RESET,
    HYPERVISOR_FREEZE,
    HYPERVISOR_UNFREEZE,
};

struct hypervisor_result {
    enum hypervisor_call call;
    struct err *error; /* the callee's */
    bool is_lost;      /* the connection broke during the call: nobody knows what came of it */
    bool has_seen;
    struct domain_seen seen;         /* DOMAIN_ABSENT when there is no such domain */
    const struct agent_state *agent; /* of AGENT; its memory is 'arena' */
    struct arena *arena;             /* the callee's; NULL otherwise */
};

struct hypervisor {
    const char *name; /* of the domain */
    const char *uri;
    struct lane calls;
    struct lane agent;
    struct mailbox *mailbox;
    struct credentials credentials; /* that the agent is to set; no list: none */
    char *credentials_set;          /* version of those that it has; NULL: none yet */
    bool is_renewing;
    virConnectPtr conn;  /* NULL: not connected */
    virDomainPtr dom;    /* NULL: libvirt has none of that name */
    uint64_t connection; /* number of the connection, to tell events of an old one */
    void (*done)(void *arg, struct hypervisor_result r);
    void (*event)(void *arg, const struct libvirt_event *ev);
    void *arg;
};

/* Strings are borrowed for the hypervisor's life. 'done' and 'event' run on the loop. */
MUST_CHECK struct err *hypervisor_init(struct hypervisor *h, uv_loop_t *loop, const char *name, const char *uri);

/* Starts a call. 'xml' (START) is copied; 'flag' is: start paused (START), ask for the version too (AGENT).
 * False when there is no connection or domain for it, or too much waits. */
MUST_CHECK bool hypervisor_call(struct hypervisor *h, enum hypervisor_call call, const char *xml, bool flag);
/* The same with HYPERVISOR_SWITCH; the list is copied. */
MUST_CHECK bool hypervisor_switch(struct hypervisor *h, const struct device_switches *switches);
bool hypervisor_is_busy(const struct hypervisor *h);
bool hypervisor_is_connected(const struct hypervisor *h);
/* Lets the connection go, after it was closed from the other side. */
void hypervisor_forget(struct hypervisor *h);
/* The agent is another one, or the guest has booted anew: what it was told is told once more. */
void hypervisor_renew_credentials(struct hypervisor *h);

#endif
