// How long a watch waits before it tries again, and whether that is news. Pure.
#ifndef VMB_WATCH_RETRY_H
#define VMB_WATCH_RETRY_H

#include "base/backoff.h"
#include "kube/request.h"

struct watch_retry {
    struct backoff refused; /* refusals, and streams that end early */
    struct backoff away;    /* a server that does not answer */
    bool answered;          /* this connection brought bytes */
    bool was_away;          /* the last try was not answered */
    bool was_listed;        /* there was a whole list at some time */
    unsigned n_refused;     /* lists, while there was none */
};

void watch_retry_init(struct watch_retry *r);
/* A connection begins; bytes came on it; it brought what was asked for. */
void watch_retry_begin(struct watch_retry *r);
void watch_retry_heard(struct watch_retry *r);
void watch_retry_reset(struct watch_retry *r);

/* A list was whole. */
void watch_retry_listed(struct watch_retry *r);
/* The server has refused every list so far, and often enough that it means it: one that has just begun refuses for a moment. Asked once for
 * each reply. What may be absent must not keep others waiting for ever when it is there and broken, as a conversion webhook that is down
 * makes it. */
bool watch_retry_is_refused(struct watch_retry *r, const struct kube_reply *reply);

/* 'reply' NULL: it ended without an error. 'ret_is_news' is false while nobody answers, from the second try on. */
int64_t watch_retry_next_ms(struct watch_retry *r, const struct kube_reply *reply, uint32_t random, bool *ret_is_news);

#endif
