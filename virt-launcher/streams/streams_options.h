// What streams need of the pod.
#ifndef VMB_STREAMS_OPTIONS_H
#define VMB_STREAMS_OPTIONS_H

#include <uv.h>

#include "base/log.h"

struct streams_options {
    uv_loop_t *loop;
    const char *name;      /* that the certificate must bear */
    const char *pins_path; /* read anew for each, like the token */
    const char *token_path;
    const char *console; /* sockets of the guest's devices */
    const char *vnc;
    /* NULL, or why a TCP port of the guest cannot be reached from the pod's own loopback, a constant. */
    const char *(*refuse_port)(void *arg, unsigned port);
    void *arg;
    const struct log *log;
};

#endif
