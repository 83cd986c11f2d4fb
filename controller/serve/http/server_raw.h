// A WebSocket that carries bytes: as fast as either side takes them, and no byte is kept here. Loop thread only.
#ifndef VMB_SERVER_RAW_H
#define VMB_SERVER_RAW_H

#include "serve/http/server_stream.h"

enum {
    SERVER_RAW_MAX = 4096, /* bytes of one write: the kernel has room for more when it says so, so nothing is left over */
    SERVER_RAW_PRE = 32,   /* free bytes before those that are written, for the frame's header */
};

/* For the endpoint. What follows its path, while it admits: borrowed. */
const char *server_raw_rest(const struct server_stream *c);
/* 'writable' is called when the peer takes more. */
void server_raw_want(struct server_stream *c);
/* One message, at most SERVER_RAW_MAX bytes, from 'writable' alone. 'bytes' stand behind SERVER_RAW_PRE free ones, which it writes to. */
void server_raw_write(struct server_stream *c, unsigned char *bytes, size_t len);
/* Nothing is read from the peer, until it is let go. What libwebsockets has read already waits in its buffer, of 4 KiB. */
void server_raw_hold(struct server_stream *c, bool is_held);

/* For the callback of connections; the values are what it returns. */
int server_raw_receive(struct server_stream *c, const char *data, size_t len);
int server_raw_writable(struct server_stream *c);
void server_raw_parting(struct server_stream *c, const unsigned char *data, size_t len);

#endif
