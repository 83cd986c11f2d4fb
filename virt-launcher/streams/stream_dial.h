// The WebSocket's side of a stream. Not for other folders.
#ifndef VMB_STREAM_DIAL_H
#define VMB_STREAM_DIAL_H

#include "streams/stream.h"

/* NULL, or why it cannot be dialled, a constant. */
MUST_CHECK const char *stream_dial(struct stream *s, const char *address);

#endif
