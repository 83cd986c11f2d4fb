// A server that is away is asked often: asking costs little, and all machines wait for it. One that refuses is not.
#include "watch_retry.h"

enum { BACKOFF_BASE_MS = 500, BACKOFF_MAX_MS = 30000, AWAY_MS = 1000 };

void
watch_retry_init(struct watch_retry *r)
{
    *r = (struct watch_retry){
        .refused = {.base_ms = BACKOFF_BASE_MS, .max_ms = BACKOFF_MAX_MS},
        .away = {.base_ms = AWAY_MS, .max_ms = AWAY_MS},
    };
}

void
watch_retry_begin(struct watch_retry *r)
{
    r->answered = false;
}

void
watch_retry_heard(struct watch_retry *r)
{
    r->answered = true;
    r->was_away = false;
}

void
watch_retry_reset(struct watch_retry *r)
{
    backoff_reset(&r->refused);
}

int64_t
watch_retry_next_ms(struct watch_retry *r, const struct kube_reply *reply, uint32_t random, bool *ret_is_news)
{
    bool is_away = reply && reply->status == 0 && !r->answered;
    int64_t delay_ms = backoff_next_ms(is_away ? &r->away : &r->refused, random);
    int64_t asked_ms = reply ? reply->retry_after_ms : 0;

    delay_ms = asked_ms > delay_ms ? asked_ms : delay_ms;
    *ret_is_news = !is_away || !r->was_away;
    r->was_away = is_away;
    return delay_ms > BACKOFF_MAX_MS ? BACKOFF_MAX_MS : delay_ms;
}

void
watch_retry_listed(struct watch_retry *r)
{
    r->was_listed = true;
}

bool
watch_retry_is_refused(struct watch_retry *r, const struct kube_reply *reply)
{
    enum { REFUSED_MAX = 5 };

    if (r->was_listed || !reply || reply->status < 400) {
        return false;
    }
    r->n_refused += r->n_refused < REFUSED_MAX;
    return r->n_refused == REFUSED_MAX;
}
