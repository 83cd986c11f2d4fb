// Whole state for each launcher, said when it is not what was said to it last.
#include "reconcile/vmi/vmi_desired.h"

#include "reconcile/vmi/open_ports.h"

/* Of the instance's spec, which follows its machine's template. */
static struct device_wish *
device_wish(const struct vmi_view *v)
{
    const struct domain_spec *d = &v->vmi.spec.domain;
    struct device_wish *w = ARENA_NEW(v->arena, struct device_wish);

    w->links_down.items = ARENA_NEW_N(v->arena, const char *, d->interfaces.n);
    w->trays_open.items = ARENA_NEW_N(v->arena, const char *, d->disks.n);
    for (size_t i = 0; i < d->interfaces.n; i++) {
        if (str_eq(d->interfaces.items[i].state, LINK_DOWN)) {
            w->links_down.items[w->links_down.n++] = d->interfaces.items[i].name;
        }
    }
    for (size_t i = 0; i < d->disks.n; i++) {
        const struct disk_target *cdrom = d->disks.items[i].cdrom;
        if (cdrom && cdrom->tray == TRAY_OPEN) {
            w->trays_open.items[w->trays_open.n++] = d->disks.items[i].name;
        }
    }
    return w;
}

void
vmi_desired(const struct vmi_view *v, struct plan *p)
{
    if (v->going || v->is_header) { /* of a spec that cannot be read nothing is said */
        return;
    }
    for (size_t i = 0; i < v->launchers.n; i++) {
        const struct launcher_view *l = &v->launchers.items[i];
        struct launcher_desired d = {.version = LAUNCHER_MSG_VERSION, .vmi_uid = v->vmi.meta.uid};
        if (!l->connected) {
            continue;
        }
        d.open_ports = l == v->active ? open_ports(v) : (struct port_list){0};
        d.log_verbosity = v->config->log_launcher;
        d.devices = l == v->active ? device_wish(v) : NULL;
        AUTO(freep) char *text = launcher_msg_write(LAUNCHER_MSG_DESIRED, &launcher_desired_type, &d);
        if (!str_eq(text, l->sent_desired)) {
            plan_tell(p, l->pod.meta.uid, arena_strdup(v->arena, text));
        }
    }
}
