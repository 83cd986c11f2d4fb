// Acts become calls, and their results answers.
#include "guest/guest_verbs.h"

static const enum hypervisor_call calls[] = {
    [ACT_PAUSE] = HYPERVISOR_PAUSE, [ACT_UNPAUSE] = HYPERVISOR_UNPAUSE, [ACT_REBOOT] = HYPERVISOR_REBOOT,
    [ACT_RESET] = HYPERVISOR_RESET, [ACT_FREEZE] = HYPERVISOR_FREEZE,   [ACT_UNFREEZE] = HYPERVISOR_UNFREEZE,
};

/* Nobody thawed in time: the guest must not stand still for ever. It is tried until it was done, since the agent may be busy. */
static void
on_thaw_due(uv_timer_t *t)
{
    struct guest *g = t->data;

    log_warn(&g->log, "nobody thawed the file systems in time");
    (void)!hypervisor_call(&g->hypervisor, HYPERVISOR_UNFREEZE, NULL, false); /* again in a moment */
}

void
guest_verbs_init(struct guest *g)
{
    BUG_ON(uv_timer_init(g->loop, &g->thaw_timer) != 0);
    g->thaw_timer.data = g;
}

const char *
guest_verbs_act(void *arg, int64_t number, enum answers_act act, int64_t seconds)
{
    struct guest *g = arg;
    bool is_paused = g->seen.state == DOMAIN_PAUSED;

    if (g->end_reason || g->stop_ms != 0) {
        return "the guest is to end";
    }
    if (g->seen.state != DOMAIN_RUNNING && !is_paused) {
        return "the guest does not run";
    }
    if (g->verb_number != 0) {
        return "something else is being done to the guest";
    }
    if (!hypervisor_call(&g->hypervisor, calls[act], NULL, false)) {
        return "libvirt cannot be reached";
    }
    g->verb_number = number;
    g->verb_call = calls[act];
    g->thaw_s = act == ACT_FREEZE ? seconds : 0;
    log_info(&g->log, "asked for", F_I64("act", act));
    return NULL;
}

static void
note_freeze(struct guest *g, const struct hypervisor_result *r)
{
    enum { THAW_AGAIN_MS = 5000 };

    if (r->call == HYPERVISOR_UNFREEZE && !r->error) {
        uv_timer_stop(&g->thaw_timer);
    } else if (r->call == HYPERVISOR_FREEZE && !r->error && g->thaw_s > 0) {
        uv_timer_start(&g->thaw_timer, on_thaw_due, (uint64_t)g->thaw_s * 1000, THAW_AGAIN_MS);
    }
}

void
guest_verbs_took(struct guest *g, const struct hypervisor_result *r)
{
    note_freeze(g, r);
    if (g->verb_number == 0 || r->call != g->verb_call) {
        return; /* it thawed by itself */
    }
    const char *text = answers_finish(g->answers, g->verb_number, r->error ? err_text(r->error) : NULL);
    g->verb_number = 0;
    gateway_client_answer(g->gateway, text);
}
