// Lists by state and by address. All choices are counts compared; a scan over addresses is at most as long as the room is large.
#include "serve/http/crowd.h"

#include <utlist.h>

struct crowd_peer {
    struct crowd_address address;
    unsigned n[CROWD_STATES];
    struct crowd_member *members[CROWD_STATES]; /* the oldest first */
    struct crowd_peer *prev, *next;             /* in 'turns' while it has ready members */
    UT_hash_handle hh;
};

struct crowd_address
crowd_address_of(const struct sockaddr *a)
{
    struct crowd_address out = {0};

    if (a->sa_family == AF_INET) {
        memcpy(out.bytes + 12, &((const struct sockaddr_in *)(const void *)a)->sin_addr, 4);
    } else if (a->sa_family == AF_INET6) {
        const struct in6_addr *v6 = &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr;

        if (IN6_IS_ADDR_V4MAPPED(v6)) {
            memcpy(out.bytes + 12, v6->s6_addr + 12, 4);
        } else {
            memcpy(out.bytes, v6->s6_addr, 8);
        }
    }
    return out;
}

static void
add(struct crowd *c, struct crowd_member *m, enum crowd_state state, int64_t now_ms)
{
    struct crowd_peer *p = m->peer;

    m->state = state;
    m->since_ms = now_ms;
    DL_APPEND(c->members[state], m);
    DL_APPEND2(p->members[state], m, peer_prev, peer_next);
    c->n[state]++;
    if (++p->n[state] == 1 && state == CROWD_READY) {
        DL_APPEND(c->turns, p);
    }
}

static void
drop(struct crowd *c, struct crowd_member *m)
{
    struct crowd_peer *p = m->peer;

    DL_DELETE(c->members[m->state], m);
    DL_DELETE2(p->members[m->state], m, peer_prev, peer_next);
    c->n[m->state]--;
    if (--p->n[m->state] == 0 && m->state == CROWD_READY) {
        DL_DELETE(c->turns, p);
    }
}

struct crowd_member *
crowd_enter(struct crowd *c, const struct crowd_address *from, int64_t now_ms, void *owner)
{
    struct crowd_member *m = XNEW(struct crowd_member);
    struct crowd_peer *p = NULL;

    HASH_FIND(hh, c->peers, from, sizeof(*from), p);
    if (!p) {
        p = XNEW(struct crowd_peer);
        p->address = *from;
        HASH_ADD(hh, c->peers, address, sizeof(p->address), p);
    }
    m->peer = p;
    m->owner = owner;
    add(c, m, CROWD_SILENT, now_ms);
    return m;
}

void
crowd_ready(struct crowd *c, struct crowd_member *m, int64_t now_ms)
{
    drop(c, m);
    add(c, m, CROWD_READY, now_ms);
}

void
crowd_place(struct crowd *c, struct crowd_member *m, int64_t now_ms, void *owner)
{
    struct crowd_peer *p = m->peer;

    drop(c, m);
    add(c, m, CROWD_PLACED, now_ms);
    m->owner = owner;
    if (p->n[CROWD_READY] > 0) { /* the others' turn */
        DL_DELETE(c->turns, p);
        DL_APPEND(c->turns, p);
    }
}

void
crowd_leave(struct crowd *c, struct crowd_member *m)
{
    struct crowd_peer *p = m->peer;

    drop(c, m);
    free(m);
    if (p->n[CROWD_SILENT] + p->n[CROWD_READY] + p->n[CROWD_PLACED] == 0) {
        HASH_DEL(c->peers, p);
        free(p);
    }
}

unsigned
crowd_in_room(const struct crowd *c)
{
    return c->n[CROWD_SILENT] + c->n[CROWD_READY];
}

static unsigned
peer_in_room(const struct crowd_peer *p)
{
    return p->n[CROWD_SILENT] + p->n[CROWD_READY];
}

struct crowd_member *
crowd_surplus(const struct crowd *c)
{
    const struct crowd_peer *largest = NULL;

    for (const struct crowd_peer *p = c->peers; p; p = p->hh.next) {
        if (!largest || peer_in_room(p) > peer_in_room(largest)) {
            largest = p;
        }
    }
    if (!largest || peer_in_room(largest) < 2) {
        return c->n[CROWD_SILENT] > 1 ? c->members[CROWD_SILENT] : NULL;
    }
    return largest->n[CROWD_SILENT] > 0 ? largest->members[CROWD_SILENT] : largest->members[CROWD_READY];
}

/* The newest: in a crowd that comes again and again from one address, who came last has waited least and is likeliest to be there. */
static struct crowd_member *
latest_ready(const struct crowd_peer *p)
{
    return p->members[CROWD_READY]->peer_prev; /* utlist: the head's is the tail */
}

static const struct crowd_peer *
whose_turn(const struct crowd *c)
{
    const struct crowd_peer *least = NULL;

    for (const struct crowd_peer *p = c->turns; p; p = p->next) {
        if (!least || p->n[CROWD_PLACED] < least->n[CROWD_PLACED]) {
            least = p;
        }
        if (least->n[CROWD_PLACED] == 0) {
            break;
        }
    }
    return least;
}

/* Of the peer with most places the one that has had its own longest. */
static struct crowd_member *
most_placed(const struct crowd *c)
{
    struct crowd_member *most = c->members[CROWD_PLACED];

    for (struct crowd_member *m = most; m; m = m->next) {
        if (m->peer->n[CROWD_PLACED] > most->peer->n[CROWD_PLACED]) {
            most = m;
        }
    }
    return most;
}

struct crowd_member *
crowd_next(const struct crowd *c, unsigned places, struct crowd_member **ret_victim)
{
    const struct crowd_peer *next = places > 0 ? whose_turn(c) : NULL;
    struct crowd_member *most;

    *ret_victim = NULL;
    if (!next) {
        return NULL;
    }
    if (c->n[CROWD_PLACED] < places) {
        return latest_ready(next);
    }
    most = most_placed(c);
    if (!most || most->peer->n[CROWD_PLACED] < next->n[CROWD_PLACED] + 2) {
        return NULL;
    }
    *ret_victim = most;
    return latest_ready(next);
}
