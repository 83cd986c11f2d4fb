// The messages of one WebSocket connection, both ways. The values are what libwebsockets' callback returns: -1 ends the connection.
#ifndef VMB_SERVER_MESSAGE_H
#define VMB_SERVER_MESSAGE_H

#include "serve/http/server_state.h"
#include "serve/http/server_stream.h"

/* The upgrade is done: the endpoint is told. */
int server_message_open(struct server_stream *c);
int server_message_receive(struct server_stream *c, const char *data, size_t len);
/* The socket can take more. */
int server_message_write(struct server_stream *c);
/* The peer lives. */
void server_message_confirm(struct server_stream *c);
/* What still waits is freed. */
void server_message_drop(struct server_stream *c);

#endif
