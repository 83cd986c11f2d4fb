// The launchers of many pods in one process: each a WebSocket to the gateway that lives as a real one does. Loop thread only.
#ifndef VMB_LOAD_LAUNCHERS_H
#define VMB_LOAD_LAUNCHERS_H

#include "book.h"

struct players;

/* NULL counts as none in all of these. */
size_t launchers_connected(const struct players *p); /* that the gateway has taken: it has said what it wants of them */
void launchers_pod_gone(struct players *p, const char *pod_uid);
/* Ends all; the memory goes when the loop has closed the handles. */
void launchers_close(struct players *p);

#endif
