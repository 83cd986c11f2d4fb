// On the pod network others reach the guest by the pod's address, in both bindings. Of a secondary network the guest itself knows best, by
// its agent; before that, or without one, what Multus tells of the pod's interface is all there is.
#include "reconcile/vmi/vmi_interfaces.h"

#include "api/rules/identity.h"
#include "api/rules/networks.h"

static const struct agent_interface *
agent_interface_of(const struct launcher_state *s, const char *mac)
{
    for (size_t i = 0; s && i < s->agent.interfaces.n; i++) {
        const char *theirs = s->agent.interfaces.items[i].mac;
        if (theirs && mac && strcasecmp(theirs, mac) == 0) {
            return &s->agent.interfaces.items[i];
        }
    }
    return NULL;
}

static struct opt_int
queues_of(const struct launcher_state *s, const char *network)
{
    for (size_t i = 0; s && i < s->nics.n; i++) {
        if (str_eq(s->nics.items[i].network, network) && s->nics.items[i].queues.set) {
            return s->nics.items[i].queues;
        }
    }
    return (struct opt_int){.set = true, .v = 1};
}

/* The one that others would write: IPv4 before IPv6, and one that is good on its link only when there is no other. */
static const char *
first_address(const struct str_list *l)
{
    const char *found = NULL;

    for (size_t i = 0; i < l->n; i++) {
        bool is_v6 = strchr(l->items[i], ':') != NULL;
        if (!is_v6) {
            return l->items[i];
        }
        if (!found || (strncasecmp(found, "fe80:", 5) == 0 && strncasecmp(l->items[i], "fe80:", 5) != 0)) {
            found = l->items[i];
        }
    }
    return found;
}

static void
set_secondary(const struct vmi_view *v, const struct agent_interface *guest, struct interface_status *s)
{
    const struct network_status *told;

    s->pod_interface_name = identity_pod_interface(v->arena, s->name);
    told = network_status_find(&v->active->pod.networks, s->pod_interface_name);
    if (guest && guest->ip_addresses.n > 0) {
        s->ip_addresses = guest->ip_addresses;
    } else if (told) {
        s->ip_addresses = told->ips;
    }
    s->ip_address = first_address(&s->ip_addresses);
    if (told) {
        s->info_source = arena_printf(v->arena, "%s, multus-status", s->info_source);
    }
}

/* What the launcher says, and until it speaks what it was told. */
static const char *
link_of(const struct launcher_state *s, const struct interface *nic)
{
    bool is_down = str_eq(nic->state, LINK_DOWN);

    for (size_t i = 0; s && i < s->nics.n; i++) {
        const struct nic_state *n = &s->nics.items[i];
        if (str_eq(n->network, nic->name) && n->link) {
            is_down = str_eq(n->link, LINK_DOWN);
        }
    }
    return is_down ? LINK_DOWN : LINK_UP;
}

static struct interface_status
status_of(const struct vmi_view *v, const struct interface *nic)
{
    const struct launcher_state *report = v->active->report;
    struct interface_status s = {
        .name = nic->name,
        .mac = !str_empty(nic->mac_address) ? nic->mac_address
                                            : identity_mac(v->arena, v->vmi.meta.namespace, v->vmi.meta.name, nic->name),
        .queue_count = queues_of(report, nic->name),
        .link_state = link_of(report, nic),
    };
    const struct agent_interface *guest = agent_interface_of(report, s.mac);

    s.interface_name = guest ? guest->name : NULL;
    s.info_source = guest ? "domain, guest-agent" : "domain";
    if (interface_is_secondary(&v->vmi.spec, nic)) {
        set_secondary(v, guest, &s);
    } else {
        s.pod_interface_name = POD_INTERFACE;
        s.ip_address = v->active->pod.ip;
        s.ip_addresses = v->active->pod.ips;
    }
    return s;
}

struct interface_status_list
vmi_interfaces(const struct vmi_view *v)
{
    const struct interface_list *nics = &v->vmi.spec.domain.interfaces;
    struct interface_status_list l = {.items = ARENA_NEW_N(v->arena, struct interface_status, nics->n)};

    for (size_t i = 0; i < nics->n; i++) {
        l.items[l.n++] = status_of(v, &nics->items[i]);
    }
    return l;
}
