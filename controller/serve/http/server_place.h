// A place at a port whose connections are somebody else's (server_taker.h).
#ifndef VMB_SERVER_PLACE_H
#define VMB_SERVER_PLACE_H

#include "base/base.h"

/* A place among those who have proven nothing yet. */
struct server_place;

/* Who is evicted when the place is needed; before 'take' returns. */
void server_place_own(struct server_place *p, void *owner);
/* It is proven, or gone. Frees; NULL is nothing. */
void server_place_leave(struct server_place *p);

#endif
