// Helper programs (qemu-img, pesto): run with a deadline and limits, their output kept up to a cap. Loop thread.
#ifndef VMB_CHILD_H
#define VMB_CHILD_H

#include <uv.h>

#include "base/err.h"
#include "base/strbuf.h"

enum { CHILD_OUTPUT_MAX = 64 * 1024 };

struct child_limits {
    int64_t timeout_ms;    /* then it is killed */
    uint64_t memory_bytes; /* of its address space; 0: no limit */
    uint64_t cpu_s;        /* 0: no limit */
};

/* Starts args[0] (found in PATH) with args, ended by NULL. 'done(arg, error, out)' is called once, from the loop, never from here:
 * 'out' is what it wrote on stdout and is borrowed; 'error' is NULL when it exited with 0, else the callee's: its stderr, in short.
 * Errors: ERR_RETRY when it cannot be started; then done is not called. */
MUST_CHECK struct err *child_run(uv_loop_t *loop, const char *const args[], const struct child_limits *limits,
                                 void (*done)(void *arg, struct err *error, const char *out), void *arg);

#endif
