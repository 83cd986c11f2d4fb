// Client-side flow control: a token bucket. Pure: 'now' is a parameter.
#ifndef VMB_FLOW_H
#define VMB_FLOW_H

#include "base/base.h"

struct flow {
    double per_s; /* 0: no limit */
    double burst; /* most tokens it holds */
    double tokens;
    int64_t last_ms;
};

/* A full bucket. 'burst' 0 counts as 1. */
void flow_init(struct flow *f, double per_s, unsigned burst, int64_t now_ms);

/* Takes one token and returns 0, or takes none and returns the milliseconds (at least 1) until there is one. */
MUST_CHECK int64_t flow_take(struct flow *f, int64_t now_ms);

#endif
