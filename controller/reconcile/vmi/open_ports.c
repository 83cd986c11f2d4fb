// The union of all who need a port.
#include "reconcile/vmi/open_ports.h"

#include "api/rules/networks.h"

static void add_port(struct port_list *l, enum port_protocol protocol, int64_t port);
static void add_ports(struct port_list *l, const struct port_list *more);
static void add_probe(struct port_list *l, const struct probe *p);
static int port_order(const void *a, const void *b);

struct port_list
open_ports(const struct vmi_view *v)
{
    struct port_list l = {.items = ARENA_NEW_N(v->arena, struct port, OPEN_PORTS_MAX)};
    const struct interface_list *nics = &v->vmi.spec.domain.interfaces;

    for (size_t i = 0; i < nics->n; i++) {
        if (!interface_is_secondary(&v->vmi.spec, &nics->items[i])) {
            add_ports(&l, &nics->items[i].ports);
        }
    }
    add_probe(&l, v->vmi.spec.liveness_probe);
    add_probe(&l, v->vmi.spec.readiness_probe);
    add_ports(&l, &v->config->default_ports);
    add_ports(&l, &v->service_ports);
    qsort(l.items, l.n, sizeof(*l.items), port_order);
    return l;
}

const char *
open_ports_text(struct arena *a, const struct port_list *ports)
{
    AUTO(strbuf_fini) struct strbuf sb = STRBUF_INIT((size_t)OPEN_PORTS_MAX * 12);
    enum port_protocol last = PROTOCOL_UNSET;

    for (size_t i = 0; i < ports->n; i++) {
        const struct port *p = &ports->items[i];
        if (p->protocol != last) {
            (void)strbuf_addf(&sb, "%s%s ", last == PROTOCOL_UNSET ? "" : "; ",
                              p->protocol == PROTOCOL_UDP ? "udp" : "tcp");
        } else {
            (void)strbuf_addc(&sb, ',');
        }
        (void)strbuf_addf(&sb, "%lld", (long long)p->port); /* fits: the list is capped */
        last = p->protocol;
    }
    return sb.len > 0 ? arena_strdup(a, strbuf_str(&sb)) : NULL;
}

static void
add_port(struct port_list *l, enum port_protocol protocol, int64_t port)
{
    enum port_protocol known = protocol == PROTOCOL_UNSET ? PROTOCOL_TCP : protocol;

    for (size_t i = 0; i < l->n; i++) {
        if (l->items[i].port == port && l->items[i].protocol == known) {
            return;
        }
    }
    if (l->n < OPEN_PORTS_MAX && port > 0 && port < 65536) {
        l->items[l->n++] = (struct port){.protocol = known, .port = port};
    }
}

static void
add_ports(struct port_list *l, const struct port_list *more)
{
    for (size_t i = 0; i < more->n; i++) {
        add_port(l, more->items[i].protocol, more->items[i].port);
    }
}

static void
add_probe(struct port_list *l, const struct probe *p)
{
    if (p && p->http_port.set) {
        add_port(l, PROTOCOL_TCP, p->http_port.v);
    }
}

static int
port_order(const void *a, const void *b)
{
    const struct port *x = a;
    const struct port *y = b;

    if (x->protocol != y->protocol) {
        return x->protocol < y->protocol ? -1 : 1;
    }
    return (x->port > y->port) - (x->port < y->port);
}
