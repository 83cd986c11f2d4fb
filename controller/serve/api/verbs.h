// Which file carries a verb out.
#ifndef VMB_VERBS_H
#define VMB_VERBS_H

#include "serve/api/job.h"

/* Takes the job, whose caller may do it, to its answer. */
void verbs_run(struct job *j);

/* The resource that rights are given on: of what concerns a whole namespace, its own name. */
const char *verbs_resource(const struct route *r);

#endif
