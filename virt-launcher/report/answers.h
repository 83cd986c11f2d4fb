// Answers the gateway's requests, each number once: a number that comes again gets the answer it had. Pure but for its memory, which is
// LAUNCHER_ANSWERS_KEPT answers of at most LAUNCHER_ANSWER_MAX bytes.
#ifndef VMB_ANSWERS_H
#define VMB_ANSWERS_H

#include "api/kinds/launcher_request.h"

struct answers;

/* What is known of the guest; borrowed for the life of the process. */
struct answers_facts {
    const struct agent_state *const *agent; /* points to NULL while the agent is not connected */
};

/* 'process' is by chance, 1 to LAUNCHER_NUMBER_MAX. */
MUST_CHECK struct answers *answers_new(const struct answers_facts *facts, int64_t process);
void answers_free(struct answers *a); /* NULL is nothing */

/* What a connection begins with. The caller frees. */
MUST_CHECK char *answers_hello(const struct answers *a);

/* The text of the answer to 'r', borrowed until the next call. */
const char *answers_take(struct answers *a, const struct launcher_request *r);

#endif
