// The guest agent: asked from time to time while it is connected.
#ifndef VMB_GUEST_AGENT_H
#define VMB_GUEST_AGENT_H

#include "guest/guest_state.h"

/* Its channel is open: asks now and then again and again. 'is_new': another version may be behind it. */
void guest_agent_up(struct guest *g, bool is_new);
void guest_agent_down(struct guest *g);
/* Takes an answer and its memory. */
void guest_agent_took(struct guest *g, const struct hypervisor_result *r);

#endif
