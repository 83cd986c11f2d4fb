// What people ask of the guest while it runs: one thing at a time, answered when libvirt has done it.
#ifndef VMB_GUEST_VERBS_H
#define VMB_GUEST_VERBS_H

#include "guest/guest_state.h"

void guest_verbs_init(struct guest *g);
/* For answers_facts.act; 'arg' is the guest. */
const char *guest_verbs_act(void *arg, int64_t number, enum answers_act act, int64_t seconds);
/* The result of a call that was begun so. */
void guest_verbs_took(struct guest *g, const struct hypervisor_result *r);

#endif
