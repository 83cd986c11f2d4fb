// Has a launcher told to dial another replica, which waits for it with a number: what that replica asks of the one that leads, by way of
// kube-apiserver. Of no use to anybody else: a launcher dials only who shows our certificate.
#ifndef VMB_DIAL_VERB_H
#define VMB_DIAL_VERB_H

#include "serve/api/job.h"

/* Takes the job to its answer: {"end": name of a request_end, "message": the launcher's}. */
void dial_verb_run(struct job *j);

/* The body that asks for it; of the job's arena. */
struct dial_wish {
    const char *pod; /* its UID */
    const char *session;
    const char *address;
    const char *kind;
    bool is_preserving;
};
const char *dial_verb_body(struct job *j, const struct dial_wish *wish);
/* Reads the answer; REQUEST_FAILED for one that is none. 'ret_said' is borrowed from it, or NULL. */
enum request_end dial_verb_end(const json_t *answer, const char **ret_said);

#endif
