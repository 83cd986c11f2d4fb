// The one way in which a stream ends. Not for other folders.
#ifndef VMB_STREAM_END_H
#define VMB_STREAM_END_H

#include "streams/stream.h"

void stream_end_init(struct streams *all);
/* Ends it: both sides. 'words' are a constant, for whoever looks at the other side. */
void stream_end(struct stream *s, enum lws_close_status code, const char *words);
/* Its WebSocket is gone, or never came; 'words' say why not. */
void stream_lost(struct stream *s, const char *words);

#endif
