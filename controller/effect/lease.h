// Leader election on a Lease: one replica reconciles. The holder stops LEASE_STOP_MS after its last successful renewal was sent, which is
// before another may take over (LEASE_DURATION_MS after it saw the last change). Loop thread only.
#ifndef VMB_LEASE_H
#define VMB_LEASE_H

#include "base/log.h"
#include "kube/request.h"

enum { LEASE_DURATION_MS = 4000, LEASE_STOP_MS = 3000, LEASE_RENEW_MS = 1000, LEASE_TRY_MS = 500 };
/* Unwritten for so long by the API server's clock, a lease is taken at first sight: its duration, and twice as much for API servers
 * whose clocks differ. */
enum { LEASE_DEAD_S = 12 };

struct lease_options {
    const char *namespace; /* copied, as are the others */
    const char *name;
    const char *identity; /* unique per process */
    const char *address;  /* "ip:port" of our gateway, for the other replicas' launchers */
};

struct lease;

/* 'changed' is called from the loop when leadership is won or lost. */
MUST_CHECK struct err *lease_new(uv_loop_t *loop, struct kube *kube, const struct lease_options *options,
                                 void (*changed)(void *arg, bool leads), void *arg, struct lease **ret_lease);

bool lease_is_leader(const struct lease *l);
/* Address of whoever leads by what was last seen, "" when nobody does. */
const char *lease_leader_address(const struct lease *l);

/* Stops renewing and, when we lead, hands the lease back so that the next one need not wait; 'done' is called when that is answered or
 * a second has gone by. The memory goes with lease_close. */
void lease_release(struct lease *l, void (*done)(void *arg), void *arg);
void lease_close(struct lease *l);

#endif
