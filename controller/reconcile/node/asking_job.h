// The Job that asks a node what guests it can run.
#ifndef VMB_ASKING_JOB_H
#define VMB_ASKING_JOB_H

#include "reconcile/node/node_view.h"

/* The object, of the view's arena. */
const json_t *asking_job_render(const struct node_view *v);

#endif
