// Streams to a guest: its serial console and its screen. Checked against its state, then the connection goes to a session.
#ifndef VMB_STREAMS_H
#define VMB_STREAMS_H

#include "serve/api/job.h"

/* Takes the job to its answer, or its connection to a session. */
void streams_run(struct job *j);

#endif
