// What the kubelet's warnings about a launcher pod say. Pure.
#ifndef VMB_POD_EVENTS_H
#define VMB_POD_EVENTS_H

#include "base/json.h"

enum { POD_WARNINGS_MAX = 4096 };

/* Of a list of events the messages that pod_warnings_secret() understands, a line each. The caller frees. */
MUST_CHECK char *pod_events_warnings(const json_t *events);

#endif
