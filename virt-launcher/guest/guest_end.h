// How the guest ended, and that it is said: exit code, mark, termination message, last word.
#ifndef VMB_GUEST_END_H
#define VMB_GUEST_END_H

#include "guest/guest_state.h"

/* True when a manager before us saw the end: its code and message are said again. */
bool guest_has_ended(struct guest *g);
/* The end: all is said, then the loop stops. */
void guest_finish(struct guest *g);

#endif
