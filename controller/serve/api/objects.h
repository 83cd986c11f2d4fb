// Reads the machine and the instance that a job is about from the API server: what is answered is so now, not in a cache.
#ifndef VMB_OBJECTS_H
#define VMB_OBJECTS_H

#include "serve/api/job.h"

/* Each fills a member of the job and goes on with 'next'; an instance that is not there is none. A machine that is not there, and an API
 * server that does not answer, are told to the caller. */
void objects_read_vm(struct job *j, void (*next)(struct job *j));
void objects_read_vmi(struct job *j, void (*next)(struct job *j));
/* An instance that has to be there. */
void objects_need_vmi(struct job *j, void (*next)(struct job *j));

/* "/apis/kubevirt.io/v1/namespaces/NS/RESOURCE/NAME[/SUB]"; of the arena. */
const char *objects_path(struct job *j, const char *resource, const char *sub);

#endif
