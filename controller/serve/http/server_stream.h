// What the endpoint may do with one of its WebSocket connections. Loop thread only.
#ifndef VMB_SERVER_STREAM_H
#define VMB_SERVER_STREAM_H

#include "serve/http/endpoint.h"

/* A stream belongs to one user value. */
void server_stream_set(struct server_stream *c, void *user);
void *server_stream_get(const struct server_stream *c);
const char *server_stream_peer(const struct server_stream *c); /* address of the peer, for logs */

/* Sends a text message. Only one waits: a newer one replaces it when the peer is slow. 'text' is copied. */
void server_stream_send(struct server_stream *c, const char *text, size_t len);
/* Sends a text message that no other replaces; those wait in order, before one of server_stream_send. 'text' is copied. False: so much
 * waits already that it was not taken, or the stream is closing. */
bool server_stream_queue(struct server_stream *c, const char *text, size_t len);
/* One more message may come than the rate allows, however large: it was asked for. */
void server_stream_expect(struct server_stream *c);
/* Streams begin untrusted: nothing is read from the peer, and 5 s after it connected it is cut off. This ends that, and includes
 * server_stream_proven. */
void server_stream_trust(struct server_stream *c);
/* The peer is who it says: for a while its address does not share places with strangers. */
void server_stream_proven(const struct server_stream *c);
/* Sends what waits, then the close frame, then is gone: 'closed' is called later, from the loop; no 'message' any more.
 * 'reason' is shown to the peer; copied, at most 120 bytes. Again is harmless. */
void server_stream_close(struct server_stream *c, enum server_close code, const char *reason);

#endif
