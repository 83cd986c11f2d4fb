// What is asked of a running instance: checked against its state, then by its launcher's line. Only the replica that leads has the lines.
#ifndef VMB_INSTANCE_VERBS_H
#define VMB_INSTANCE_VERBS_H

#include "serve/api/job.h"

/* Takes the job to its answer. */
void instance_verbs_run(struct job *j);

#endif
