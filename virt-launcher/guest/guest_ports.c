// passt_ports does it; here is when.
#include "guest/guest_ports.h"

#include "domain/parts/nic_view.h"
#include "guest/guest_tell.h"

static void
on_ports(void *arg)
{
    struct guest *g = arg;

    free(g->complaint);
    g->complaint = passt_ports_complaint(&g->ports);
    if (g->complaint) {
        log_warn(&g->log, "a port stays shut", F_STR("why", g->complaint));
    }
    guest_tell(g);
}

void
guest_ports_init(struct guest *g)
{
    passt_ports_init(&g->ports, g->loop, g->paths.passt_socket, &g->log);
    g->ports.changed = on_ports;
    g->ports.arg = g;
}

/* Nobody else has ports to open: on secondary networks all are. */
static bool
has_passt(const struct domain_view *v)
{
    for (size_t i = 0; i < v->n_nics; i++) {
        if (!v->nics[i].tap) {
            return true;
        }
    }
    return false;
}

void
guest_ports_open(struct guest *g)
{
    bool is_new = !g->ports.is_active || g->is_wish_said;

    if (is_new && g->is_up && g->has_view && has_passt(&g->view) && !g->end_reason) {
        g->ports.may_close = g->ports.may_close || g->is_wish_said || !g->is_heir;
        passt_ports_set(&g->ports, &g->wish);
    }
}

void
guest_ports_wish(struct guest *g, const struct port_list *wish)
{
    port_set_from_list(wish, &g->wish);
    g->is_wish_said = true;
    g->ports.may_close = true;
    guest_ports_open(g);
}
