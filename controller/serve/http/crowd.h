// Who waits at a port and has proven nothing yet. What there is of room and places is shared by address: who holds little gets in before
// who holds much, and makes room at the other's cost. Counts and chooses; opens, closes and frees nothing of its caller's.
#ifndef VMB_CROWD_H
#define VMB_CROWD_H

#include "base/base.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <uthash.h>

/* Of IPv4 the address, of IPv6 the first 64 bits: the rest of it is free to whoever has those. Bytes are compared. */
struct crowd_address {
    unsigned char bytes[16];
};

/* A member is in the room until it has a place. */
enum crowd_state { CROWD_SILENT, CROWD_READY, CROWD_PLACED, CROWD_STATES };

struct crowd_member {
    enum crowd_state state;
    int64_t since_ms; /* it has been in that state */
    void *owner;      /* the caller's */
    struct crowd_peer *peer;
    struct crowd_member *prev, *next;           /* among all of its state, the oldest first */
    struct crowd_member *peer_prev, *peer_next; /* among its peer's */
};

struct crowd_peer;

struct crowd {
    unsigned n[CROWD_STATES];
    struct crowd_member *members[CROWD_STATES]; /* to be read: the oldest first, by 'next' */
    struct crowd_peer *peers;                   /* by address */
    struct crowd_peer *turns;                   /* those with ready members, who was served longest ago first */
};

struct crowd_address crowd_address_of(const struct sockaddr *a);

/* A newcomer, silent. Never NULL; the caller's until crowd_leave, which frees it. */
struct crowd_member *crowd_enter(struct crowd *c, const struct crowd_address *from, int64_t now_ms, void *owner);
/* It has said enough to be served. */
void crowd_ready(struct crowd *c, struct crowd_member *m, int64_t now_ms);
/* It has a place now, and another owner. */
void crowd_place(struct crowd *c, struct crowd_member *m, int64_t now_ms, void *owner);
void crowd_leave(struct crowd *c, struct crowd_member *m);

/* Silent and ready ones. */
unsigned crowd_in_room(const struct crowd *c);
/* Who should leave the room when it is too full: of the address with most in it the oldest silent one, else the oldest.
 * NULL when no address has more than one there and nobody is silent but the newest: then all have the same right to be there. */
struct crowd_member *crowd_surplus(const struct crowd *c);
/* The ready one whose turn is next: the newest of the address with the fewest places, by turns. NULL: nobody, or no place for it. With
 * all 'places' taken, one is made free where another address has at least two more: 'ret_victim' is to leave first, else it is NULL. */
struct crowd_member *crowd_next(const struct crowd *c, unsigned places, struct crowd_member **ret_victim);

#endif
