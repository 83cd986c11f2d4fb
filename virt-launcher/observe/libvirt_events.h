// libvirt's events: one thread runs its loop; callbacks post to the mailbox and return.
#ifndef VMB_LIBVIRT_EVENTS_H
#define VMB_LIBVIRT_EVENTS_H

#include <libvirt/libvirt.h>

#include "base/mailbox.h"

enum libvirt_event_kind {
    LIBVIRT_EVENT_STATE,    /* the guest's state changed: read it */
    LIBVIRT_EVENT_AGENT_UP, /* the agent's channel opened */
    LIBVIRT_EVENT_AGENT_DOWN,
    LIBVIRT_EVENT_WATCHDOG, /* the guest did not answer its watchdog */
    LIBVIRT_EVENT_CLOSED,   /* the connection to libvirtd is gone */
};

struct libvirt_event {
    enum libvirt_event_kind kind;
    int event; /* libvirt's number, of STATE and WATCHDOG */
    int detail;
    const char *action;  /* of WATCHDOG, what it does: reset, poweroff, shutdown, other; static */
    uint64_t connection; /* the number that was given to libvirt_events_watch */
};

/* Registers libvirt's event loop and starts its thread, once per process and before any connection.
 * Errors: ERR_FATAL. */
MUST_CHECK struct err *libvirt_events_start(void);

/* Has the events of a connection posted to 'm' (messages are struct libvirt_event, freed by free()). 'm' must outlive the connection.
 * Blocks: worker thread. Errors: ERR_RETRY. */
MUST_CHECK struct err *libvirt_events_watch(virConnectPtr conn, struct mailbox *m, uint64_t connection);

#endif
