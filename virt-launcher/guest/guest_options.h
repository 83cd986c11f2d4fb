// What a guest is started with.
#ifndef VMB_GUEST_OPTIONS_H
#define VMB_GUEST_OPTIONS_H

#include "base/base.h"

struct guest_options {
    const char *root; /* "" in a pod */
    int64_t stop_ms;  /* monotonic: the pod was asked to end before this manager started; 0: no */
    int64_t born_ms;  /* monotonic: when this process began, for the timeline */
};

#endif
