// What is asked of a running instance: checked against its state, then by its launcher's line. Only the replica that leads has the lines.
#ifndef VMB_INSTANCE_VERBS_H
#define VMB_INSTANCE_VERBS_H

#include "serve/api/job.h"

/* Of the pods that the instance's status names the one whose launcher is asked; NULL: it names none. */
const char *instance_verbs_pod(const struct job *j);
/* Answers for a launcher that was asked in vain. 'said' is its word, or NULL. */
void instance_verbs_refuse(struct job *j, enum request_end end, const char *said);
/* Takes the job to its answer. */
void instance_verbs_run(struct job *j);

#endif
