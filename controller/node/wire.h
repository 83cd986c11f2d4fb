// A unix socket's two directions, for something that takes bytes and gives bytes: while it has bytes that the peer does not take, nothing is
// read of it, so that nothing grows.
#ifndef VMB_NODE_WIRE_H
#define VMB_NODE_WIRE_H

#include "base/base.h"

#include <sys/types.h>
#include <uv.h>

struct wire;

struct wire_ops {
    bool (*feed)(void *arg, const uint8_t *data, size_t len); /* false: close */
    ssize_t (*pull)(void *arg, const uint8_t **ret_data);     /* 0: nothing now; below: close */
    void (*closed)(
        void *arg); /* once, from the loop, after an end by whoever; the wire has gone. Nothing else is called from then on */
};

struct wire *wire_new(uv_loop_t *loop, const struct wire_ops *ops, void *arg);

/* To accept or to connect. */
uv_pipe_t *wire_pipe(struct wire *w);

/* It is connected, or there may be something to send: sends that, and reads when the peer has taken it. */
void wire_send(struct wire *w);

/* Ends it; 'closed' follows. */
void wire_close(struct wire *w);

#endif
