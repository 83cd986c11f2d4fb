// The two verbs that tell and end: --check and --healthy.
#ifndef VMB_NODE_REPORT_H
#define VMB_NODE_REPORT_H

#include "options.h"

/* Checks each device as the agent does and prints a line for each. The process's exit code: 0 when all work. */
int report_check(const struct node_options *options, FILE *out);

/* Asks the agent that runs here on each of its sockets; prints what does not answer. 0 when all do. */
int report_healthy(const struct node_options *options, FILE *out);

#endif
