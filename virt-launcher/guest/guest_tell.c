// Texts are compared without their number: what was said is not said again.
#include "guest/guest_tell.h"

#include "base/clock.h"
#include "effect/files.h"

enum { SCRATCH_BYTES = 256 * 1024 };

void
guest_time(const struct guest *g, const char *step)
{
    log_debug(&g->log, "timeline", F_STR("step", step), F_I64("ms", clock_mono_ms() - g->options.born_ms));
}

/* Beside the reason; NULL: that says it all. */
static const char *
end_message(const struct guest *g)
{
    if (g->code == EXIT_GUEST_CRASHED && str_eq(g->watchdog, "poweroff")) {
        return "the guest did not answer its watchdog, which switched it off";
    }
    if (g->code == EXIT_GUEST_OFF && str_eq(g->watchdog, "shutdown") && g->stop_ms == 0) {
        return "the guest shut down after it had not answered its watchdog, which asked it to";
    }
    return g->qemu_words;
}

struct status_facts
guest_facts(const struct guest *g, struct arena *a)
{
    struct status_facts f = {
        .vmi_uid = g->instance.uid,
        .seq = 0,
        .state = g->seen.state == DOMAIN_ABSENT ? DOMAIN_STARTING : g->seen.state,
        .reason = g->seen.reason,
        .message = g->complaint,
        .since_s = g->since_s,
        .started_s = g->started_s,
        .memory_bytes = g->seen.memory_bytes,
        .machine = g->seen.machine,
        .agent = g->agent,
        .view = g->has_view ? &g->view : NULL,
        .nic_is_down = g->nic_is_down,
        .troubles = g->seen.troubles,
        .n_troubles = g->seen.n_troubles,
        .pod_ip = g->network.ip,
        .open_ports = port_set_to_list(&g->ports.open, a),
    };

    if (g->failure) {
        f.state = DOMAIN_SHUTOFF;
        f.reason = "start-failed";
        f.message = err_text(g->failure);
        f.is_invalid = err_class(g->failure) == ERR_INVALID;
    } else if (g->end_reason) {
        f.state = g->code == EXIT_GUEST_CRASHED ? DOMAIN_CRASHED : DOMAIN_SHUTOFF;
        f.reason = g->end_reason;
        f.message = end_message(g);
    }
    return f;
}

void
guest_tell_now(struct guest *g)
{
    AUTO(arena_freep) struct arena *a = arena_new(SCRATCH_BYTES);
    struct status_facts f = guest_facts(g, a);
    AUTO(freep) char *text = launcher_status_text(&f, a);

    if (!g->gateway || str_eq(text, g->told)) {
        return;
    }
    free(g->told);
    g->told = STEAL(text);
    g->told_ms = clock_mono_ms();
    f.seq = ++g->seq;
    AUTO(freep) char *numbered = launcher_status_text(&f, a);
    gateway_client_tell(g->gateway, numbered);
}

static void
on_tell(uv_timer_t *t)
{
    guest_tell_now(t->data);
}

void
guest_tell(struct guest *g)
{
    bool is_live = g->seen.state == DOMAIN_RUNNING || g->seen.state == DOMAIN_PAUSED || g->seen.state == DOMAIN_SHUTDOWN;
    bool is_new = !g->told;

    file_mark(g->paths.up_mark, is_live);
    file_mark(g->paths.ready_mark, g->seen.state == DOMAIN_RUNNING);
    if (!uv_is_active((uv_handle_t *)&g->tell_timer)) {
        int64_t wait_ms = is_new ? 0 : g->told_ms + GUEST_TELL_MS - clock_mono_ms();
        uv_timer_start(&g->tell_timer, on_tell, wait_ms > 0 ? (uint64_t)wait_ms : 0, 0);
    }
}
