// The listening sockets, and accepting.
#ifndef VMB_SERVER_LISTEN_H
#define VMB_SERVER_LISTEN_H

#include "serve/http/server_state.h"

/* Binds; the first sweep opens it. Errors: ERR_FATAL with the reason. */
MUST_CHECK struct err *server_listen(struct server *s, const char *address, int port, enum server_port_kind kind);
/* When all are there: what they have together stays below what the process may open. */
void server_listen_fit(struct server *s);
/* Ends all; 'on_closed' is called for each handle, with the server as data, and n_handles has been raised by them. */
void server_listen_close(struct server *s, uv_close_cb on_closed);

#endif
