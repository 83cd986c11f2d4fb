// Exponential back-off with equal jitter.
#include "backoff.h"

int64_t
backoff_next_ms(struct backoff *b, uint32_t rnd)
{
    int64_t delay = b->base_ms;

    for (unsigned i = 0; i < b->attempts && delay < b->max_ms; i++) {
        delay *= 2;
    }
    if (delay > b->max_ms) {
        delay = b->max_ms;
    }
    b->attempts++;
    int64_t half = delay / 2;
    return half + (int64_t)(rnd % (uint64_t)(delay - half + 1));
}

void
backoff_reset(struct backoff *b)
{
    b->attempts = 0;
}
