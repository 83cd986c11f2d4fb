// Results come from the lane, events from libvirt's thread by the mailbox; both on the loop.
#include "guest/guest_libvirt.h"

#include "base/clock.h"
#include "domain/parts/identity.h"
#include "effect/files.h"
#include "guest/guest_agent.h"
#include "guest/guest_devices.h"
#include "guest/guest_ports.h"
#include "guest/guest_step.h"
#include "guest/guest_tell.h"
#include "guest/guest_troubles.h"
#include "guest/guest_verbs.h"

static void
on_connect_due(uv_timer_t *t)
{
    struct guest *g = t->data;

    if (!hypervisor_is_busy(&g->hypervisor)) {
        (void)!hypervisor_call(&g->hypervisor, HYPERVISOR_CONNECT, NULL, false); /* connected already: nothing to do */
    }
}

static void
connect_again(struct guest *g)
{
    uint32_t rnd = (uint32_t)uv_hrtime();

    hypervisor_forget(&g->hypervisor);
    g->is_known = false;
    guest_agent_down(g);
    uv_timer_start(&g->connect_timer, on_connect_due, (uint64_t)backoff_next_ms(&g->connect_backoff, rnd), 0);
}

static void
on_connected(struct guest *g)
{
    guest_time(g, "connected");
    backoff_reset(&g->connect_backoff);
    g->is_known = true;
}

static bool
is_live(enum domain_state s)
{
    return s == DOMAIN_RUNNING || s == DOMAIN_PAUSED || s == DOMAIN_SHUTDOWN;
}

static void
on_up(struct guest *g)
{
    bool is_first = !g->is_up;

    g->is_up = true;
    if (is_first) {
        guest_time(g, "guest");
        if (file_exists(g->paths.ready_mark) && g->seen.state == DOMAIN_RUNNING) {
            g->since_s = file_modified_s(g->paths.ready_mark); /* since before this manager */
        }
    }
    guest_ports_open(g);
    if (g->seen.has_agent && !g->agent && !uv_is_active((uv_handle_t *)&g->agent_timer)) {
        guest_agent_up(g, false);
    }
}

static void
saw(struct guest *g, const struct domain_seen *seen)
{
    bool is_change = seen->state != g->seen.state || !str_eq(seen->reason, g->seen.reason);

    if (is_change) {
        g->since_s = clock_wall_s();
        log_info(&g->log, "state", F_I64("state", seen->state), F_STR("reason", seen->reason));
    }
    g->seen = *seen;
    if (is_change) {
        guest_log_troubles(g);
    }
    if (is_live(seen->state)) {
        on_up(g);
    }
    guest_tell(g);
}

static void
on_result(void *arg, struct hypervisor_result r)
{
    struct guest *g = arg;
    AUTO(err_freep) struct err *e = r.error;

    if (r.call == HYPERVISOR_AGENT) {
        guest_agent_took(g, &r);
        return;
    }
    if (r.call == HYPERVISOR_SWITCH) {
        guest_devices_took(g, &r);
    } else if (r.call >= HYPERVISOR_PAUSE) {
        guest_verbs_took(g, &r);
    }
    if (r.is_lost) {
        log_debug(&g->log, "libvirt is not there", F_ERR(e));
        libvirt_daemon_start(&g->daemon, clock_mono_ms());
        connect_again(g);
    } else if (e && r.call == HYPERVISOR_CONNECT) {
        connect_again(g);
    } else if (e && r.call == HYPERVISOR_START) {
        g->failure = STEAL(e);
    } else if (e) {
        log_warn(&g->log, "libvirt refused", F_I64("call", r.call), F_ERR(e));
    } else if (r.call == HYPERVISOR_CONNECT) {
        on_connected(g);
    }
    if (r.has_seen && !g->end_reason) {
        saw(g, &r.seen);
    }
    guest_step(g);
}

static void
on_event(void *arg, const struct libvirt_event *ev)
{
    struct guest *g = arg;

    switch (ev->kind) {
    case LIBVIRT_EVENT_STATE:
        (void)!hypervisor_call(&g->hypervisor, HYPERVISOR_READ, NULL, false); /* else a call that reads is on its way */
        break;
    case LIBVIRT_EVENT_AGENT_UP:
        g->seen.has_agent = true;
        guest_agent_up(g, true);
        break;
    case LIBVIRT_EVENT_AGENT_DOWN:
        g->seen.has_agent = false;
        guest_agent_down(g);
        guest_tell(g);
        break;
    case LIBVIRT_EVENT_WATCHDOG:
        g->watchdog = ev->action;
        log_warn(&g->log, "the guest does not answer its watchdog", F_STR("action", ev->action));
        break;
    case LIBVIRT_EVENT_CLOSED:
        log_warn(&g->log, "the connection to libvirt is lost");
        connect_again(g);
        break;
    }
}

struct err *
guest_libvirt_init(struct guest *g)
{
    struct err *e = hypervisor_init(&g->hypervisor, g->loop, domain_name(g->arena, &g->instance), g->paths.libvirt_uri);

    g->hypervisor.credentials =
        (struct credentials){.list = &g->instance.spec.access_credentials, .dir = g->paths.credentials};
    g->hypervisor.done = on_result;
    g->hypervisor.event = on_event;
    g->hypervisor.arg = g;
    return e;
}

void
guest_libvirt_connect(struct guest *g)
{
    uv_timer_start(&g->connect_timer, on_connect_due, 0, 0);
}
