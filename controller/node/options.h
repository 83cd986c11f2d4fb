// Command line and environment of vmbridge-node.
#ifndef VMB_NODE_OPTIONS_H
#define VMB_NODE_OPTIONS_H

#include "device.h"

enum node_verb { NODE_RUN, NODE_CHECK, NODE_HEALTHY, NODE_TRY, NODE_HELP, NODE_VERSION };

struct node_options { /* borrows argv and the environment */
    enum node_verb verb;
    const char *plugin_dir; /* the kubelet's folder of sockets */
    const char *root;       /* what the node's own root is called here; "" outside of a pod */
    struct device devices[DEVICES_MAX];
    size_t n_devices;
    bool is_access; /* offers not the devices, but access to them all, for the one that checks and offers them */
};

/* Errors: ERR_INVALID with a sentence for the terminal. */
MUST_CHECK struct err *node_options_parse(int argc, char **argv, struct node_options *ret_options);

/* What is offered: the devices, or the one resource that is access to them. Borrowed from 'o' or constant. */
const struct device *node_options_offers(const struct node_options *o, size_t *ret_n);

void node_options_help(FILE *out);

#endif
