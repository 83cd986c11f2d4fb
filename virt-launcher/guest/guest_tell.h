// Says what the guest does: marks for the probes, messages for the gateway.
#ifndef VMB_GUEST_TELL_H
#define VMB_GUEST_TELL_H

#include "guest/guest_state.h"
#include "report/launcher_status.h"

/* Marks for the probes at once; the state to the gateway soon. */
void guest_tell(struct guest *g);
/* The state to the gateway now, if it is news. */
void guest_tell_now(struct guest *g);
/* What there is to tell: libvirt's word, but "starting" before there is one, and the end as we understand it. Lists are the arena's. */
struct status_facts guest_facts(const struct guest *g, struct arena *a);
/* A line of the timeline (debug). */
void guest_time(const struct guest *g, const char *step);

#endif
