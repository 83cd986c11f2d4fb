// Connections that were accepted and have not said enough yet, or wait for a place.
#ifndef VMB_SERVER_PENDING_H
#define VMB_SERVER_PENDING_H

#include "serve/http/server_state.h"

/* Takes the socket; it may be gone, and others too, when this returns. */
void server_pending_new(struct server_listener *l, int fd, const struct crowd_address *from);
/* Gives places to those whose turn it is, some in each call. False: there was nothing to do. */
bool server_pending_serve(struct server *s);
/* Ends those that said too little for too long. */
void server_pending_sweep(struct server_listener *l, int64_t now_ms);
void server_pending_close(struct server_listener *l);

#endif
