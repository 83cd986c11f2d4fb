// A port of the server, and who waits at it. Not for other folders.
#ifndef VMB_SERVER_LISTENER_H
#define VMB_SERVER_LISTENER_H

#include <uv.h>

#include "serve/http/crowd.h"

/* SERVER_FOR_ALL where the endpoint has no port of its own. Pages are found at each, and only some of them at SERVER_FOR_HEALTH; none at
 * SERVER_FOR_TAKER, whose connections the server does not speak with. */
enum server_port_kind { SERVER_FOR_ALL, SERVER_FOR_PAGES, SERVER_FOR_ENDPOINT, SERVER_FOR_HEALTH, SERVER_FOR_TAKER };

/* A port. */
struct server_listener {
    struct server *server;
    uv_poll_t poll;
    uv_poll_cb on_acceptable;
    int fd;
    int port;
    enum server_port_kind kind;
    bool is_open;           /* accepts now; the sweep looks again at one that does not */
    unsigned room_max;      /* of each crowd: accepted, not yet in libwebsockets' hands */
    unsigned places_max;    /* of each crowd: in libwebsockets' hands */
    struct crowd strangers; /* who has proven nothing yet */
    struct crowd proven;    /* the same, but from an address that somebody proved */
};

#endif
