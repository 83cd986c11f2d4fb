// Asks the guest agent who and what the guest is. Its answers are hostile: cleaned and capped here. Blocks for as long as the agent
// may take: a worker thread of its own.
#ifndef VMB_AGENT_READ_H
#define VMB_AGENT_READ_H

#include <libvirt/libvirt.h>

#include "api/kinds/launcher_msg.h"

/* The caps of api/kinds/launcher_msg.c, so that one talkative guest does not make the whole message refused. */
enum {
    AGENT_TIMEOUT_S = 5,
    AGENT_TEXT_MAX = 256,
    AGENT_WORD_MAX = 64,
    AGENT_MAC_MAX = 32,
    AGENT_NICS_MAX = 32,
    AGENT_ADDRESSES_MAX = 16,
    AGENT_ANSWER_MAX = 64 * 1024,
};

/* Reads all that status shows; 'with_version' asks for the agent's version as well. The strings are the arena's.
 * Errors: ERR_RETRY when the agent does not answer. */
MUST_CHECK struct err *agent_read(virDomainPtr dom, bool with_version, struct arena *a, struct agent_state *ret_state);

/* The same from libvirt's list of parameters. */
void agent_from_params(const virTypedParameterPtr params, int n_params, struct arena *a, struct agent_state *ret_state);
/* The version in an agent's answer to guest-info; NULL when it has none. */
const char *agent_version(const char *answer, struct arena *a);

/* What the agent said of a command that it was asked to run: number of the process, 0 when it started none. */
int64_t agent_exec_pid(const char *answer);

enum { AGENT_EXEC_RUNS = -1, AGENT_EXEC_LOST = 255 };
/* What it said of that process later: its exit code of 0 to 255, AGENT_EXEC_RUNS, or AGENT_EXEC_LOST when nobody knows, or it was killed. */
int agent_exec_code(const char *answer);

#endif
