// How many TokenReviews somebody may cost. Only those that were refused count, by the peer's address and in all; whose token was good
// once draws from a share that strangers cannot empty. Pure: takes the time.
#ifndef VMB_REVIEW_LIMIT_H
#define VMB_REVIEW_LIMIT_H

#include "base/base.h"

enum {
    REVIEW_LIMIT_PEERS = 4096,   /* remembered, of each share; the one that asked longest ago is forgotten first */
    REVIEW_LIMIT_OF_PEER = 10,   /* refused reviews that an address may cost at once */
    REVIEW_LIMIT_PEER_MS = 5000, /* until it may cost one more */
    REVIEW_LIMIT_OF_ALL = 50,    /* the same of all addresses of a share */
    REVIEW_LIMIT_ALL_MS = 200,
    REVIEW_LIMIT_IN_FLIGHT = 32, /* of a share */
};

struct review_limit;

MUST_CHECK struct review_limit *review_limit_new(void);
void review_limit_free(struct review_limit *l);

enum review_share { REVIEW_NOT_NOW, REVIEW_OF_STRANGER, REVIEW_OF_KNOWN };

/* Whether a review may be asked, and whose share it is of; then review_limit_end follows. */
MUST_CHECK enum review_share review_limit_begin(struct review_limit *l, const char *peer, int64_t now_ms);

enum review_end {
    REVIEW_GOOD,    /* costs nothing, and the peer is known for it */
    REVIEW_REFUSED, /* costs */
    REVIEW_UNKNOWN, /* the API server did not say, or nobody waits for it any more: costs, since it was asked */
};
/* 'share' is what the begin said. */
void review_limit_end(struct review_limit *l, const char *peer, enum review_share share, enum review_end end);

size_t review_limit_count(const struct review_limit *l); /* peers that are remembered */

#endif
