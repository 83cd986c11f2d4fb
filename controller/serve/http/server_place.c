// A place at a port whose connections are somebody else's.
#include "serve/http/server_place.h"

#include "base/clock.h"
#include "serve/http/server_place_priv.h"
#include "serve/http/server_shared.h"

struct server_place {
    struct server *server;
    struct crowd *crowd;
    struct crowd_member *member;
};

struct server_place *
server_place_new(struct server *s, struct crowd *crowd, struct crowd_member *member)
{
    struct server_place *p = XNEW(struct server_place);

    *p = (struct server_place){s, crowd, member};
    return p;
}

void
server_place_own(struct server_place *p, void *owner)
{
    crowd_place(p->crowd, p->member, clock_mono_ms(), owner);
}

void
server_place_leave(struct server_place *p)
{
    if (p) {
        crowd_leave(p->crowd, p->member);
        server_serve_soon(p->server);
        free(p);
    }
}
