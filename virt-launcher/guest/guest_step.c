// What is known becomes a situation, the plan's action a call.
#include "guest/guest_step.h"

#include "base/clock.h"
#include "domain/grace.h"
#include "domain/parts/features.h"
#include "effect/files.h"
#include "guest/guest_devices.h"
#include "guest/guest_end.h"
#include "guest/guest_tell.h"
#include "guest/guest_troubles.h"

static void on_step_due(uv_timer_t *t);

static void
act_start(struct guest *g)
{
    AUTO(freep) char *text = xasprintf("%lld\n", (long long)clock_wall_s());
    struct err *e = file_write(g->paths.started_mark, text, strlen(text));

    if (e) { /* without the mark a second manager could start a second QEMU */
        g->failure = e;
        uv_timer_start(&g->step_timer, on_step_due, 0, 0);
        return;
    }
    g->was_started = true;
    g->started_s = clock_wall_s();
    guest_time(g, "start");
    (void)!hypervisor_call(&g->hypervisor, HYPERVISOR_START, g->xml,
                           g->instance.spec.start_strategy == START_PAUSED); /* connected: see the plan */
}

static void
act(struct guest *g, const struct domain_plan *plan, int64_t now_ms)
{
    switch (plan->action) {
    case DOMAIN_ACTION_NONE:
        break;
    case DOMAIN_ACTION_START:
        act_start(g);
        break;
    case DOMAIN_ACTION_RESUME:
        g->resumed_ms = now_ms;
        log_warn(&g->log, "there is room again: the guest goes on");
        (void)!hypervisor_call(&g->hypervisor, HYPERVISOR_RESUME, NULL, false); /* tried again if it is still paused */
        break;
    case DOMAIN_ACTION_SWITCH:
        guest_devices_switch(g);
        break;
    case DOMAIN_ACTION_SHUTDOWN:
        g->asked_ms = now_ms;
        (void)!hypervisor_call(&g->hypervisor, HYPERVISOR_SHUTDOWN, NULL, false); /* asked again in five seconds */
        break;
    case DOMAIN_ACTION_DESTROY:
        g->is_destroyed_by_us = true;
        (void)!hypervisor_call(&g->hypervisor, HYPERVISOR_DESTROY, NULL, false); /* as above */
        break;
    case DOMAIN_ACTION_END:
        guest_finish(g);
        break;
    }
}

static void
on_step_due(uv_timer_t *t)
{
    guest_step(t->data);
}

void
guest_step(struct guest *g)
{
    int64_t now_ms = clock_mono_ms();
    bool has_room = false;
    const struct domain_situation s = {
        .now_ms = now_ms,
        .is_known = g->is_known,
        .is_busy = hypervisor_is_busy(&g->hypervisor),
        .is_prepared = g->is_prepared,
        .was_started = g->was_started,
        .has_failed = g->failure != NULL,
        .has_acpi = features_have_acpi(&g->instance),
        .state = g->seen.state,
        .stop_ms = g->stop_ms,
        .asked_ms = g->asked_ms,
        .grace_ms = grace_s(&g->instance) * 1000,
        .is_full = guest_is_full(g, &has_room),
        .has_room = has_room,
        .resumed_ms = g->resumed_ms,
        .has_wish = g->is_devices_due && g->has_view,
        .switched_ms = g->switched_ms,
    };
    struct domain_plan plan = domain_plan(&s);

    if (g->end_reason) {
        return;
    }
    log_debug(&g->log, "plan", F_STR("rule", plan.rule));
    act(g, &plan, now_ms);
    if (plan.again_ms > 0) {
        uv_timer_start(&g->step_timer, on_step_due, (uint64_t)plan.again_ms, 0);
    }
}
