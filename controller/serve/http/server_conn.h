// Connections in libwebsockets' hands, from its adopting them to their end.
#ifndef VMB_SERVER_CONN_H
#define VMB_SERVER_CONN_H

#include "serve/http/server_state.h"

/* libwebsockets' callback for all connections. */
int server_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);
/* Ends connections whose time is up. */
void server_sweep(struct server *s, int64_t now_ms);
/* Ends one that has proven nothing, since another has more right to its place. From outside of libwebsockets' callbacks. */
void server_evict(struct server_stream *c);
/* Begins the close handshake with those that heard all they should. */
void server_part(struct server *s);

#endif
