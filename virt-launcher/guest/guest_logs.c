// A timer that cuts them.
#include "guest/guest_logs.h"

#include "effect/files.h"

char *
guest_qemu_log(const struct guest *g)
{
    return xasprintf("%s/libvirt/qemu/log/%s.log", g->paths.cache, g->hypervisor.name);
}

static void
on_logs(uv_timer_t *t)
{
    const struct guest *g = t->data;
    AUTO(freep) char *qemu_log = guest_qemu_log(g);

    file_bound_log(qemu_log, GUEST_LOG_MAX);
    file_bound_log(g->paths.libvirtd_log, GUEST_LOG_MAX);
}

void
guest_bound_logs(struct guest *g)
{
    uv_timer_start(&g->logs_timer, on_logs, GUEST_LOGS_MS, GUEST_LOGS_MS);
}
