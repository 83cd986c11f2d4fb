// Answers the gateway's requests, each number once: a number that comes again gets the answer it had. Pure but for its memory, which is
// LAUNCHER_ANSWERS_KEPT answers of at most LAUNCHER_ANSWER_MAX bytes.
#ifndef VMB_ANSWERS_H
#define VMB_ANSWERS_H

#include "api/kinds/launcher_request.h"

struct answers;

enum answers_act { ACT_PAUSE, ACT_UNPAUSE, ACT_REBOOT, ACT_RESET, ACT_FREEZE, ACT_UNFREEZE };

/* What is known of the guest, and who does something to it; borrowed for the life of the process. */
struct answers_facts {
    const struct agent_state *const *agent; /* points to NULL while the agent is not connected */
    /* Begins it; answers_finish follows. NULL, or why it cannot be, a constant. 'seconds' is the verb's argument, or 0. */
    const char *(*act)(void *arg, int64_t number, enum answers_act act, int64_t seconds);
    /* Opens a stream. What it came to; 'ret_why' is a constant, NULL when it is ANSWER_OK. NULL: there are none here. */
    enum answer_code (*stream)(void *arg, const struct launcher_request *r, const char **ret_why);
    void *arg;
};

/* 'process' is by chance, 1 to LAUNCHER_NUMBER_MAX. */
MUST_CHECK struct answers *answers_new(const struct answers_facts *facts, int64_t process);
void answers_free(struct answers *a); /* NULL is nothing */

/* What a connection begins with. The caller frees. */
MUST_CHECK char *answers_hello(const struct answers *a);

/* The text of the answer to 'r', borrowed until the next call; NULL: it comes with answers_finish. */
const char *answers_take(struct answers *a, const struct launcher_request *r);
/* What an act came to; 'why' NULL: it was done. The text of the answer as above, or NULL when nobody asks for that number any more. */
const char *answers_finish(struct answers *a, int64_t number, const char *why);

#endif
