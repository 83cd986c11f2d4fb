// Named points before and after each call to the outside, where a test makes the process see a failure.
// Built only with -Dfault=true; otherwise FAULT() is nothing.
#ifndef VMB_FAULT_H
#define VMB_FAULT_H

#include "err.h"

#ifdef VMB_FAULT
/* Counts the point; returns an ERR_RETRY error when VMB_FAULT_FAIL in the environment names its number ("7") or its name
 * ("kube.post.after"), once per process. VMB_FAULT_TRACE=1 prints each point with its number on stderr. */
MUST_CHECK struct err *fault_point(const char *name);
#define FAULT(name)                              \
    do {                                         \
        struct err *fault_e = fault_point(name); \
        if (fault_e) {                           \
            return fault_e;                      \
        }                                        \
    } while (0)
#else
#define FAULT(name) ((void)0)
#endif

#endif
