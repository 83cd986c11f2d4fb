// Streams to the guest that runs.
#ifndef VMB_GUEST_STREAMS_H
#define VMB_GUEST_STREAMS_H

#include "guest/guest_state.h"

void guest_streams_init(struct guest *g);
/* For answers_facts.stream; 'arg' is the guest. */
enum answer_code guest_streams_open(void *arg, const struct launcher_request *r, const char **ret_why);

#endif
