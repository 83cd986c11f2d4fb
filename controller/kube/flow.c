// The token bucket. No clock, no queue.
#include "flow.h"

void
flow_init(struct flow *f, double per_s, unsigned burst, int64_t now_ms)
{
    f->per_s = per_s > 0 ? per_s : 0;
    f->burst = burst > 0 ? burst : 1;
    f->tokens = f->burst;
    f->last_ms = now_ms;
}

int64_t
flow_take(struct flow *f, int64_t now_ms)
{
    if (f->per_s <= 0) {
        return 0;
    }
    if (now_ms > f->last_ms) {
        f->tokens += (double)(now_ms - f->last_ms) * f->per_s / 1000;
        f->tokens = f->tokens > f->burst ? f->burst : f->tokens;
        f->last_ms = now_ms;
    }
    if (f->tokens >= 1) {
        f->tokens -= 1;
        return 0;
    }
    double wait_ms = (1 - f->tokens) * 1000 / f->per_s;
    return wait_ms >= 3600000 ? 3600000 : (int64_t)wait_ms + 1;
}
