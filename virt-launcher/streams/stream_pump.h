// Bytes between the device's socket and the WebSocket. Not for other folders.
#ifndef VMB_STREAM_PUMP_H
#define VMB_STREAM_PUMP_H

#include "streams/stream.h"

/* Takes the socket. */
void stream_pump_init(struct stream *s, int fd);
/* The WebSocket takes more; -1 as libwebsockets' callbacks say it. */
int stream_pump_up(struct stream *s);
/* Something came for the guest. */
void stream_pump_down(struct stream *s, const void *data, size_t len);

#endif
