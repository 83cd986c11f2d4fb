// One guest, from the start of the pod to its end: the loop's state machine. It decides by domain_plan and acts through effect/.
#ifndef VMB_GUEST_H
#define VMB_GUEST_H

#include <uv.h>

#include "exit_code.h"
#include "guest/guest_options.h"

struct guest;

/* Begins; the rest happens on the loop until guest_is_over. Options are copied, their strings borrowed. */
struct guest *guest_start(uv_loop_t *loop, const struct guest_options *o);
/* The pod is to end: the guest is asked to shut down, and switched off when its grace is over. */
void guest_stop(struct guest *g);
/* True when the loop has been stopped because all is said and done. */
bool guest_is_over(const struct guest *g, enum exit_code *ret_code);

#endif
