// How the server makes a place. Not for other folders.
#ifndef VMB_SERVER_PLACE_PRIV_H
#define VMB_SERVER_PLACE_PRIV_H

#include "serve/http/server_place.h"
#include "serve/http/server_state.h"

/* Of one that was ready. Takes 'member'. */
MUST_CHECK struct server_place *server_place_new(struct server *s, struct crowd *crowd, struct crowd_member *member);

#endif
