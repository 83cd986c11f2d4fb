// A timer and a call; the last answer is kept whole.
#include "guest/guest_agent.h"

#include "guest/guest_tell.h"

static void
on_agent_due(uv_timer_t *t)
{
    struct guest *g = t->data;

    if (!g->is_agent_busy) {
        g->is_agent_busy = hypervisor_call(&g->hypervisor, HYPERVISOR_AGENT, NULL, !g->agent_version);
    }
}

void
guest_agent_up(struct guest *g, bool is_new)
{
    if (is_new) {
        g->agent_version = NULL;
        hypervisor_renew_credentials(&g->hypervisor);
    }
    uv_timer_start(&g->agent_timer, on_agent_due, 0, GUEST_AGENT_MS);
}

void
guest_agent_down(struct guest *g)
{
    g->agent = NULL;
    uv_timer_stop(&g->agent_timer);
}

void
guest_agent_took(struct guest *g, const struct hypervisor_result *r)
{
    g->is_agent_busy = false;
    if (r->error) {
        log_debug(&g->log, "the agent does not answer", F_ERR(r->error));
        g->agent = NULL;
    } else if (uv_is_active((uv_handle_t *)&g->agent_timer)) {
        struct agent_state *s = ARENA_NEW(r->arena, struct agent_state);
        *s = *r->agent;
        if (s->version) {
            g->agent_version = arena_strdup(g->arena, s->version);
        }
        s->version = g->agent_version;
        arena_free(g->agent_arena);
        g->agent_arena = r->arena;
        g->agent = s;
        guest_tell(g);
        return;
    }
    arena_free(r->arena);
    guest_tell(g);
}
