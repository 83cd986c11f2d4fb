// Command line and environment of vmbridge-controller.
#ifndef VMB_OPTIONS_H
#define VMB_OPTIONS_H

#include "base/err.h"

enum options_verb { OPTIONS_RUN, OPTIONS_PRINT_RULES, OPTIONS_PRINT_KINDS, OPTIONS_HELP, OPTIONS_VERSION };

struct options { /* borrows argv and the environment */
    enum options_verb verb;
    const char *kubeconfig; /* NULL: in the cluster */
    const char *namespace;
    const char *identity; /* of this replica: the pod's name */
    const char *address;  /* of this replica as launchers reach it: the pod's IP */
    int port;
    int gateway_port; /* 0: launchers come to 'port' */
    int health_port;  /* 0: probes come to 'port' */
    int api_port;     /* 0: the aggregated API is not served */
    const char *launcher_image;
    int64_t token_grace_s; /* 0: the gateway's own */
    const char *gateway;   /* NULL: vmbridge-gateway.<namespace>.svc:<port> */
};

/* Errors: ERR_INVALID with a sentence for the terminal. */
MUST_CHECK struct err *options_parse(int argc, char **argv, struct options *ret_options);
void options_help(FILE *out);

#endif
