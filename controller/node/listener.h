// A unix socket on which a gRPC service is offered, and its connections.
#ifndef VMB_NODE_LISTENER_H
#define VMB_NODE_LISTENER_H

#include "grpc_server.h"

#include <uv.h>

/* One kubelet has one connection; a new one is never turned away, the oldest that watches nothing makes room. */
enum { LISTENER_CONNECTIONS_MAX = 4 };

struct listener;

/* Of the socket's file. */
enum listener_place { LISTENER_HERE, LISTENER_GONE, LISTENER_TAKEN /* somebody else listens there */ };

/* For 'path', without listening yet. 'service' is borrowed. 'watched' tells how many streams watch, whenever that changed. */
struct listener *listener_new(uv_loop_t *loop, const char *path, const struct grpc_service *service,
                              void (*watched)(void *arg, unsigned n), void *arg);

/* Listens, in place of what is at the path; connections stay. The process's umask says who may connect. Errors ERR_RETRY. */
MUST_CHECK struct err *listener_open(struct listener *l);

enum listener_place listener_look(const struct listener *l);

/* Ends all connections. */
void listener_drop(struct listener *l);

/* The state that watches tell has changed. */
void listener_changed(struct listener *l);

/* Closes socket and connections, 'watched' is not called any more; it is freed when the loop has run on. NULL is fine. */
void listener_close(struct listener *l);

#endif
