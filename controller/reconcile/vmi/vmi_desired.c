// Whole state for each launcher, said when it is not what was said to it last.
#include "reconcile/vmi/vmi_desired.h"

#include "reconcile/vmi/open_ports.h"

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
        AUTO(freep) char *text = launcher_msg_write(LAUNCHER_MSG_DESIRED, &launcher_desired_type, &d);
        if (!str_eq(text, l->sent_desired)) {
            plan_tell(p, l->pod.meta.uid, arena_strdup(v->arena, text));
        }
    }
}
