// Growing delays with jitter. Pure: randomness comes in as a parameter.
#ifndef VMB_BACKOFF_H
#define VMB_BACKOFF_H

#include "base.h"

struct backoff {
    int64_t base_ms; /* first delay before jitter */
    int64_t max_ms;
    unsigned attempts;
};

/* Delay until the next try: base * 2^attempts, at most max, of which the upper half is random. 'rnd' is any random number. */
int64_t backoff_next_ms(struct backoff *b, uint32_t rnd);
void backoff_reset(struct backoff *b);

#endif
