// vmbridge-node at work: all devices that are configured, and the folders where they and the kubelet's socket are.
#ifndef VMB_NODE_AGENT_H
#define VMB_NODE_AGENT_H

#include "options.h"

#include <uv.h>

struct agent;

/* Begins. 'options' is borrowed. Errors ERR_FATAL, ERR_RETRY: nothing has begun. */
MUST_CHECK struct err *agent_new(uv_loop_t *loop, const struct node_options *options, struct agent **ret_agent);

/* Closes all; the loop ends when that is done. */
void agent_stop(struct agent *a);

/* Whether it stopped by itself, which is then logged. */
bool agent_has_failed(const struct agent *a);

/* After the loop has ended. NULL is fine. */
void agent_free(struct agent *a);

#endif
