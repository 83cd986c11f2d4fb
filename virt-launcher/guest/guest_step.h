// Decides by domain_plan, and acts.
#ifndef VMB_GUEST_STEP_H
#define VMB_GUEST_STEP_H

#include "guest/guest_state.h"

/* Looks at everything known and does what is to be done. */
void guest_step(struct guest *g);

#endif
