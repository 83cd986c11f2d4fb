// How long a guest may take to shut down. Pure.
#ifndef VMB_GRACE_H
#define VMB_GRACE_H

#include "api/kinds/instance.h"

enum { GRACE_MAX_S = INT32_MAX };

/* Seconds between the request to shut down and switching off. */
int64_t grace_s(const struct instance *i);

#endif
