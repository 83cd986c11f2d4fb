// libvirt names disks by their letters; the description knows what is behind them.
#include "guest/guest_troubles.h"

#include "effect/disk_file.h"

static const struct disk_view *
disk_at(const struct domain_view *v, const char *target)
{
    for (size_t i = 0; i < v->n_disks; i++) {
        if (str_eq(v->disks[i].target, target)) {
            return &v->disks[i];
        }
    }
    return NULL;
}

bool
guest_is_full(const struct guest *g, bool *ret_has_room)
{
    bool is_full = g->has_view && g->seen.n_troubles > 0;

    *ret_has_room = is_full;
    for (size_t i = 0; is_full && i < g->seen.n_troubles; i++) {
        const struct disk_view *d = disk_at(&g->view, g->seen.troubles[i].target);
        is_full = d && !d->facts->is_block && str_eq(g->seen.troubles[i].what, DISK_NO_SPACE);
        *ret_has_room = is_full && *ret_has_room && disk_file_has_room(d->facts->path);
    }
    return is_full;
}

void
guest_log_troubles(const struct guest *g)
{
    for (size_t i = 0; i < g->seen.n_troubles; i++) {
        const struct disk_view *d = g->has_view ? disk_at(&g->view, g->seen.troubles[i].target) : NULL;
        log_warn(&g->log, "the guest is paused: a disk failed", F_STR("disk", g->seen.troubles[i].target),
                 F_STR("volume", d ? d->facts->volume : ""), F_STR("error", g->seen.troubles[i].what));
    }
}
