// A probe of the pod that the guest agent answers: a process of its own, started by the kubelet beside the manager, ends with the answer.
#ifndef VMB_AGENT_PROBE_H
#define VMB_AGENT_PROBE_H

#include "domain/paths.h"

/* Asks the agent whether it is there; or has it run 'command' (ended by NULL) in the guest, when there is one. Blocks; after 'seconds' the
 * process is killed by SIGALRM. 0: the agent answers, or the command ended with 0. Else 1. */
int agent_probe_run(const struct paths *p, unsigned seconds, char *const *command);

#endif
