// Two shares, one of strangers and one of peers whose token was good once; a bucket for each, and in each one per peer.
#include "serve/trust/review_limit.h"

#include <uthash.h>

struct bucket {
    int64_t used;    /* refused reviews, and those under way */
    int64_t past_ms; /* one less is used from here on each so many milliseconds */
};

struct peer {
    char *address;
    struct bucket bucket;
    UT_hash_handle hh;
};

struct share {
    struct bucket bucket;
    struct peer *peers; /* who asked last is the last */
    unsigned in_flight;
};

struct review_limit {
    struct share strangers;
    struct share known;
};

static void
bucket_pass(struct bucket *b, int64_t now_ms, int64_t every_ms)
{
    int64_t n = (now_ms - b->past_ms) / every_ms;

    if (n >= b->used) { /* also the first time */
        *b = (struct bucket){.past_ms = now_ms};
    } else if (n > 0) {
        b->used -= n;
        b->past_ms += n * every_ms;
    }
}

static void
bucket_give_back(struct bucket *b)
{
    b->used -= b->used > 0 ? 1 : 0; /* time may have given it back already */
}

static void
peer_forget(struct share *s, struct peer *p)
{
    HASH_DEL(s->peers, p);
    free(p->address);
    free(p);
}

static struct peer *
peer_find(const struct share *s, const char *address)
{
    struct peer *p = NULL;

    HASH_FIND_STR(s->peers, address, p);
    return p;
}

static void
peer_add(struct share *s, struct peer *p)
{
    if (HASH_COUNT(s->peers) >= REVIEW_LIMIT_PEERS) {
        peer_forget(s, s->peers);
    }
    HASH_ADD_KEYPTR(hh, s->peers, p->address, strlen(p->address), p);
}

/* Makes it the last; a new one when there is none. */
static struct peer *
peer_touch(struct share *s, const char *address)
{
    struct peer *p = peer_find(s, address);

    if (p) {
        HASH_DEL(s->peers, p);
    } else {
        p = XNEW(struct peer);
        p->address = xstrdup(address);
    }
    peer_add(s, p);
    return p;
}

struct review_limit *
review_limit_new(void)
{
    return XNEW(struct review_limit);
}

void
review_limit_free(struct review_limit *l)
{
    if (!l) {
        return;
    }
    while (l->strangers.peers) {
        peer_forget(&l->strangers, l->strangers.peers);
    }
    while (l->known.peers) {
        peer_forget(&l->known, l->known.peers);
    }
    free(l);
}

enum review_share
review_limit_begin(struct review_limit *l, const char *peer, int64_t now_ms)
{
    bool is_known = peer_find(&l->known, peer);
    struct share *s = is_known ? &l->known : &l->strangers;
    struct peer *p = peer_touch(s, peer);

    bucket_pass(&s->bucket, now_ms, REVIEW_LIMIT_ALL_MS);
    bucket_pass(&p->bucket, now_ms, REVIEW_LIMIT_PEER_MS);
    if (s->in_flight >= REVIEW_LIMIT_IN_FLIGHT || s->bucket.used >= REVIEW_LIMIT_OF_ALL ||
        p->bucket.used >= REVIEW_LIMIT_OF_PEER) {
        return REVIEW_NOT_NOW;
    }
    s->in_flight++;
    s->bucket.used++;
    p->bucket.used++;
    return is_known ? REVIEW_OF_KNOWN : REVIEW_OF_STRANGER;
}

/* It is known from now on. What it has used so far was a stranger's. */
static void
introduce(struct review_limit *l, const char *address)
{
    struct peer *stranger = peer_find(&l->strangers, address);

    if (stranger) {
        peer_forget(&l->strangers, stranger);
    }
    (void)peer_touch(&l->known, address);
}

void
review_limit_end(struct review_limit *l, const char *peer, enum review_share share, enum review_end end)
{
    struct share *s = share == REVIEW_OF_KNOWN ? &l->known : &l->strangers;
    struct peer *p = peer_find(s, peer); /* NULL: forgotten, or known by now */

    BUG_ON(share == REVIEW_NOT_NOW || s->in_flight == 0);
    s->in_flight--;
    if (end != REVIEW_GOOD) {
        return;
    }
    bucket_give_back(&s->bucket);
    if (p) {
        bucket_give_back(&p->bucket);
    }
    introduce(l, peer);
}

size_t
review_limit_count(const struct review_limit *l)
{
    return HASH_COUNT(l->strangers.peers) + HASH_COUNT(l->known.peers);
}
