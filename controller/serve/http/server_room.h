// How much room a port has now, for whoever has proven nothing yet.
#ifndef VMB_SERVER_ROOM_H
#define VMB_SERVER_ROOM_H

#include "serve/http/server_state.h"

/* Accepts while there is room: call when that has changed. */
void server_room_update(struct server_listener *l);
/* Accepts no more until the next sweep. */
void server_room_shut(struct server_listener *l);
/* How many of each crowd may be in libwebsockets' hands. None at the endpoint's own port while it cannot admit anybody; a few where
 * somebody may want a page. */
unsigned server_room_places(const struct server_listener *l);

#endif
