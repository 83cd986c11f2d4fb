// Whether a port accepts, and how many of those it accepted may be in libwebsockets' hands.
#include "serve/http/server_room.h"

#include "serve/http/server_shared.h"

enum {
    UNEXPECTED_MAX = 4, /* connections that wait while the endpoint expects nobody */
};

unsigned
server_room_places(const struct server_listener *l)
{
    const struct server *s = l->server;
    const struct server_endpoint *e = s->endpoint;
    unsigned few = l->kind == SERVER_FOR_ENDPOINT ? 0 : UNEXPECTED_MAX;

    if (l->kind == SERVER_FOR_PAGES || l->kind == SERVER_FOR_HEALTH || l->kind == SERVER_FOR_TAKER || !e ||
        !e->expects || e->expects(e->arg)) {
        return l->places_max;
    }
    return few < l->places_max ? few : l->places_max;
}

static void
set_open(struct server_listener *l, bool is_open)
{
    if (is_open == l->is_open) {
        return;
    }
    l->is_open = is_open;
    if (is_open) {
        BUG_ON(uv_poll_start(&l->poll, UV_READABLE, l->on_acceptable) != 0);
    } else {
        (void)uv_poll_stop(&l->poll);
        server_sweep_start(l->server);
    }
}

void
server_room_update(struct server_listener *l)
{
    set_open(l, !l->server->is_closing && crowd_in_room(&l->strangers) <= l->room_max &&
                    crowd_in_room(&l->proven) <= l->room_max);
}

void
server_room_shut(struct server_listener *l)
{
    set_open(l, false);
}
