// A wish is kept until it was done; another one that comes meanwhile is done after it.
#include "guest/guest_devices.h"

#include "base/clock.h"
#include "guest/guest_tell.h"

enum { WISH_ARENA_BYTES = 64 * 1024 };

void
guest_devices_init(struct guest *g)
{
    for (size_t i = 0; i < g->view.n_nics; i++) {
        g->nic_is_down[i] = g->view.nics[i].is_down;
    }
}

static struct str_list
copy(struct arena *a, const struct str_list *names)
{
    struct str_list l = {.items = ARENA_NEW_N(a, const char *, names->n)};

    for (size_t i = 0; i < names->n; i++) {
        l.items[l.n++] = arena_strdup(a, names->items[i]);
    }
    return l;
}

void
guest_devices_wish(struct guest *g, const struct device_wish *wish)
{
    if (!wish) {
        return;
    }
    arena_freep(&g->devices_arena);
    g->devices_arena = arena_new(WISH_ARENA_BYTES);
    g->devices.links_down = copy(g->devices_arena, &wish->links_down);
    g->devices.trays_open = copy(g->devices_arena, &wish->trays_open);
    g->is_devices_due = true;
    g->switched_ms = 0;
}

void
guest_devices_switch(struct guest *g)
{
    struct device_switch items[DOMAIN_NICS_MAX + DOMAIN_DISKS_MAX];
    struct device_switches s = {.items = items};

    for (size_t i = 0; i < g->view.n_nics; i++) {
        const struct nic_view *n = &g->view.nics[i];
        g->nic_wish[i] = str_list_has(&g->devices.links_down, n->network);
        items[s.n++] = (struct device_switch){.alias = n->alias, .is_off = g->nic_wish[i]};
    }
    for (size_t i = 0; i < g->view.n_disks; i++) {
        const struct disk_view *d = &g->view.disks[i];
        if (str_eq(d->device, "cdrom")) {
            bool is_out = str_list_has(&g->devices.trays_open, d->facts->volume);
            items[s.n++] = (struct device_switch){.alias = d->alias, .is_cdrom = true, .is_off = is_out};
        }
    }
    if (hypervisor_switch(&g->hypervisor, &s)) {
        g->is_devices_due = false;
    }
}

void
guest_devices_took(struct guest *g, const struct hypervisor_result *r)
{
    if (r->error) { /* told by who reads results */
        g->is_devices_due = true;
        g->switched_ms = clock_mono_ms();
        return;
    }
    memcpy(g->nic_is_down, g->nic_wish, sizeof(g->nic_is_down));
    guest_tell(g);
}
