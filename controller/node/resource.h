// One device as a resource of the node: checked, served on a socket of its own, registered with the kubelet until that watches it.
#ifndef VMB_NODE_RESOURCE_H
#define VMB_NODE_RESOURCE_H

#include "device.h"

#include <uv.h>

struct place { /* what all resources share; borrowed by them */
    uv_loop_t *loop;
    const char *plugin_dir;
    const char *root;           /* where the node's own root is */
    const struct device *gives; /* what access to is offered, instead of a device */
    size_t n_gives;             /* 0: each resource is a device */
};

struct resource;

/* The socket of device 'd' in a plugin folder. The caller owns it. */
char *resource_socket(const char *plugin_dir, const struct device *d);

/* Begins to check and to listen; what is access to other devices is not checked. 'd' is borrowed. */
struct resource *resource_new(const struct place *place, const struct device *d);

/* Something changed in a folder: looks at device and socket, and does what follows.
 * is_kubelet_new  the kubelet's socket was made anew: it knows nothing of us
 * Errors          ERR_FATAL: somebody else listens in our place. */
MUST_CHECK struct err *resource_look(struct resource *r, bool is_kubelet_new);

/* Closes all; frees it when the loop has run on. NULL is fine. */
void resource_close(struct resource *r);

#endif
