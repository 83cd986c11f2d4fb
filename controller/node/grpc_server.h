// One connection of a client, on the server's side: bytes in, bytes out, no I/O. nghttp2 is the HTTP/2; this is the gRPC over it.
// A method gives one answer and ends, or is a watch: its answer is a state, and is sent again when that changed.
#ifndef VMB_NODE_GRPC_SERVER_H
#define VMB_NODE_GRPC_SERVER_H

#include "base/err.h"
#include "base/strbuf.h"

#include <sys/types.h>

/* Whatever a client does, a connection holds no more than these at once. A body may be an Allocate of SHARES_MAX shares. */
enum {
    GRPC_STREAMS_MAX = 8,
    GRPC_HEADERS_MAX_BYTES = 8 * 1024,
    GRPC_BODY_MAX_BYTES = 128 * 1024,
    GRPC_BODIES_MAX_BYTES = 256 * 1024
};

struct grpc_method {
    const char *path; /* "/package.Service/Method" */
    bool is_watch;
    /* Fills 'answer', which is empty, with a message; 'arg' is the service's. Errors go to the client: ERR_INVALID as its fault. */
    struct err *(*answer)(void *arg, const uint8_t *message, size_t len, struct strbuf *answer);
};

struct grpc_service { /* borrowed by its connections */
    const struct grpc_method *methods;
    size_t n_methods;
    size_t answer_max; /* bytes */
    void *arg;
};

struct grpc_server;

struct grpc_server *grpc_server_new(const struct grpc_service *service);
void grpc_server_free(struct grpc_server *s);

/* Takes bytes of the client; calls methods. False: it speaks no HTTP/2, or floods: close the connection. */
bool grpc_server_feed(struct grpc_server *s, const uint8_t *data, size_t len);

/* The next bytes for the client, borrowed until the next call of any function; 0 when there are none now, below 0 at the end. */
ssize_t grpc_server_pull(struct grpc_server *s, const uint8_t **ret_data);

/* The state that watches tell has changed. */
void grpc_server_changed(struct grpc_server *s);

/* Streams that watch at the moment. */
unsigned grpc_server_watches(const struct grpc_server *s);

#endif
