// A port whose connections are somebody else's: sockets go to its taker, and only their places are counted here.
#ifndef VMB_SERVER_TAKER_H
#define VMB_SERVER_TAKER_H

struct server_place; /* one among those who have proven nothing yet */

struct server_taker {
    /* The first TLS record of a connection has come. 'fd' and 'place' are the taker's from now on; 'place' goes by server_place_leave. */
    void (*take)(void *arg, int fd, struct server_place *place);
    /* Another address has more right to the place of that owner: end it. */
    void (*evict)(void *arg, void *owner);
    void *arg;
};

#endif
