// Starts, stops and restarts of a machine: read what is, decide (reconcile/vm/vm_ask.h), write status.stateChangeRequests.
#ifndef VMB_POWER_H
#define VMB_POWER_H

#include "serve/api/job.h"

/* Takes the job to its answer. */
void power_run(struct job *j);

#endif
