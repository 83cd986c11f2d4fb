// One call on one connection, on the client's side: bytes in, bytes out, no I/O.
#ifndef VMB_NODE_GRPC_CLIENT_H
#define VMB_NODE_GRPC_CLIENT_H

#include "base/err.h"
#include "base/strbuf.h"

#include <sys/types.h>

enum { GRPC_REQUEST_MAX_BYTES = 4096 };

struct grpc_client;

/* A call of 'path', borrowed, with a message that is copied; at most GRPC_REQUEST_MAX_BYTES. What it answers is not looked at: only whether
 * it succeeds. */
struct grpc_client *grpc_client_new(const char *path, const void *message, size_t len);
void grpc_client_free(struct grpc_client *c);

/* Takes bytes of the server. False: it speaks no HTTP/2. */
bool grpc_client_feed(struct grpc_client *c, const uint8_t *data, size_t len);

/* The next bytes for the server, borrowed until the next call; 0 when there are none now, below 0 at the end. */
ssize_t grpc_client_pull(struct grpc_client *c, const uint8_t **ret_data);

/* Whether the call has ended. */
bool grpc_client_is_done(const struct grpc_client *c);
/* What came of it: NULL is success. Errors ERR_RETRY: what the server said, or that it said nothing. */
MUST_CHECK struct err *grpc_client_result(const struct grpc_client *c);

#endif
