// Results and events come in, domain_plan says what next.
#include "guest/guest.h"

#include "base/clock.h"
#include "base/random.h"
#include "effect/disk_file.h"
#include "effect/files.h"
#include "guest/guest_priv.h"

static void on_result(void *arg, struct hypervisor_result r);
static void on_event(void *arg, const struct libvirt_event *ev);
static void on_disks(void *arg, struct disks_result r);
static void on_connect_due(uv_timer_t *t);
static void on_step_due(uv_timer_t *t);
static void on_agent_due(uv_timer_t *t);
static void on_ports(void *arg);
static void on_desired(void *arg, const struct launcher_desired *desired);
static void open_ports(struct guest *g);
static void log_troubles(const struct guest *g);
static struct err *guest_begin(struct guest *g);

static void
init_timers(struct guest *g)
{
    uv_timer_t *const timers[] = {&g->step_timer, &g->connect_timer, &g->agent_timer, &g->tell_timer, &g->logs_timer};

    for (size_t i = 0; i < ARRAY_LEN(timers); i++) {
        BUG_ON(uv_timer_init(g->loop, timers[i]) != 0);
        timers[i]->data = g;
    }
}

struct guest *
guest_start(uv_loop_t *loop, const struct guest_options *o)
{
    struct guest *g = XNEW(struct guest);

    g->loop = loop;
    g->options = *o;
    g->stop_ms = o->stop_ms;
    g->log = (struct log){.part = "launcher"};
    g->arena = arena_new(GUEST_ARENA_BYTES);
    g->connect_backoff = (struct backoff){.base_ms = GUEST_CONNECT_MS, .max_ms = GUEST_CONNECT_MAX_MS};
    g->since_s = clock_wall_s();
    paths_make(g->arena, o->root, &g->paths);
    init_timers(g);
    libvirt_daemon_init(&g->daemon, loop, &g->paths, &g->log);
    passt_ports_init(&g->ports, loop, g->paths.passt_socket, &g->log);
    g->ports.changed = on_ports;
    g->ports.arg = g;
    if (guest_has_ended(g)) {
        return g;
    }
    g->failure = guest_begin(g);
    if (g->failure) {
        g->is_known = true;
        guest_step(g);
    }
    return g;
}

static struct err *
begin_hypervisor(struct guest *g)
{
    struct err *e = hypervisor_init(&g->hypervisor, g->loop, domain_name(g->arena, &g->instance),
                                    arena_printf(g->arena, "qemu+unix:///session?socket=%s", g->paths.libvirt_socket));

    g->hypervisor.done = on_result;
    g->hypervisor.event = on_event;
    g->hypervisor.arg = g;
    return e;
}

static struct err *
begin_gateway(struct guest *g)
{
    const struct gateway_client_options o = {
        .address = g->instance.gateway,
        .name = g->instance.gateway_name,
        .pins_path = g->paths.gateway_pins,
        .token_path = g->paths.token,
        .log = &g->log,
        .desired = on_desired,
        .arg = g,
        .answers = answers_new(&(struct answers_facts){.agent = &g->agent}, 1 + (int64_t)random_u32()),
    };

    return str_empty(o.address) ? NULL : gateway_client_new(g->loop, &o, &g->gateway);
}

static struct err *
guest_begin(struct guest *g)
{
    struct err *e = guest_setup(g);

    if (!e) {
        guest_time(g, "setup");
        e = begin_hypervisor(g);
    }
    if (!e && !file_exists(g->paths.libvirt_socket)) {
        libvirt_daemon_start(&g->daemon, clock_mono_ms());
    }
    if (!e) {
        e = libvirt_events_start();
    }
    if (!e) {
        e = begin_gateway(g);
    }
    if (e) {
        return e;
    }
    uv_timer_start(&g->connect_timer, on_connect_due, 0, 0);
    guest_bound_logs(g);
    disks_prepare(g->loop, &g->instance, &g->paths, g->arena, on_disks, g);
    guest_tell(g);
    return NULL;
}

void
guest_stop(struct guest *g)
{
    if (g->stop_ms == 0) {
        g->stop_ms = clock_mono_ms();
        log_info(&g->log, "the pod is to end");
    }
    guest_step(g);
}

bool
guest_is_over(const struct guest *g, enum exit_code *ret_code)
{
    *ret_code = g->code;
    return g->is_over;
}

/* The log comes into being before QEMU does, which appends to it. */
static void
begin_console(struct guest *g)
{
    if (!g->view.has_serial_log) {
        return;
    }
    struct err *e = console_tail_start(&g->console, g->loop, g->paths.console_log, g->paths.console_mark, 1);
    if (e) {
        log_warn(&g->log, "the console is not followed", F_ERR(e));
        err_free(e); /* the guest runs without */
    }
}

static void
on_disks(void *arg, struct disks_result r)
{
    struct guest *g = arg;
    struct err *e = r.error ? r.error : guest_describe(g, &r);

    if (e && g->was_started) { /* the guest runs, or ran, as it was described then */
        log_warn(&g->log, "the guest's disks cannot be described again", F_ERR(e));
        err_free(e);
    } else if (e) {
        g->failure = e;
        g->is_known = true;
    } else {
        g->is_prepared = true;
        guest_time(g, "disks");
        begin_console(g);
        open_ports(g);
    }
    guest_tell(g);
    guest_step(g);
}

/* libvirt's connection */

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
    g->agent = NULL;
    uv_timer_stop(&g->agent_timer);
    uv_timer_start(&g->connect_timer, on_connect_due, (uint64_t)backoff_next_ms(&g->connect_backoff, rnd), 0);
}

static void
on_connected(struct guest *g)
{
    guest_time(g, "connected");
    backoff_reset(&g->connect_backoff);
    g->is_known = true;
}

/* What the guest does */

static bool
is_live(enum domain_state s)
{
    return s == DOMAIN_RUNNING || s == DOMAIN_PAUSED || s == DOMAIN_SHUTDOWN;
}

/* Once both the guest and its description are there. A manager that came later leaves more open until it is told. */
static void
open_ports(struct guest *g)
{
    bool is_new = !g->ports.is_active || g->is_wish_said;

    if (is_new && g->is_up && g->has_view && g->view.n_nics > 0 && !g->end_reason) {
        g->ports.may_close = g->ports.may_close || g->is_wish_said || !g->is_heir;
        passt_ports_set(&g->ports, &g->wish);
    }
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
    open_ports(g);
    if (g->seen.has_agent && !g->agent && !uv_is_active((uv_handle_t *)&g->agent_timer)) {
        uv_timer_start(&g->agent_timer, on_agent_due, 0, GUEST_AGENT_MS);
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
        log_troubles(g);
    }
    if (is_live(seen->state)) {
        on_up(g);
    }
    guest_tell(g);
}

static void
took_agent(struct guest *g, const struct hypervisor_result *r)
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

static void
on_result(void *arg, struct hypervisor_result r)
{
    struct guest *g = arg;
    AUTO(err_freep) struct err *e = r.error;

    if (r.call == HYPERVISOR_AGENT) {
        took_agent(g, &r);
        return;
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
        g->agent_version = NULL;
        uv_timer_start(&g->agent_timer, on_agent_due, 0, GUEST_AGENT_MS);
        break;
    case LIBVIRT_EVENT_AGENT_DOWN:
        g->seen.has_agent = false;
        g->agent = NULL;
        uv_timer_stop(&g->agent_timer);
        guest_tell(g);
        break;
    case LIBVIRT_EVENT_CLOSED:
        log_warn(&g->log, "the connection to libvirt is lost");
        connect_again(g);
        break;
    }
}

static void
on_agent_due(uv_timer_t *t)
{
    struct guest *g = t->data;

    if (!g->is_agent_busy) {
        g->is_agent_busy = hypervisor_call(&g->hypervisor, HYPERVISOR_AGENT, NULL, !g->agent_version);
    }
}

/* Ports */

static void
on_ports(void *arg)
{
    struct guest *g = arg;

    free(g->complaint);
    g->complaint = passt_ports_complaint(&g->ports);
    if (g->complaint) {
        log_warn(&g->log, "a port stays shut", F_STR("why", g->complaint));
    }
    guest_tell(g);
}

static void
on_desired(void *arg, const struct launcher_desired *desired)
{
    struct guest *g = arg;

    if (!str_eq(desired->vmi_uid, g->instance.uid)) {
        log_warn(&g->log, "a wish for another guest is ignored");
        return;
    }
    if (desired->log_verbosity.set) {
        log_set_level(desired->log_verbosity.v >= 3 ? log_level_of_verbosity(desired->log_verbosity.v) : LOG_WARN);
    }
    port_set_from_list(&desired->open_ports, &g->wish);
    g->is_wish_said = true;
    g->ports.may_close = true;
    open_ports(g);
}

/* Decide and act */

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
                           g->view.is_start_paused); /* connected: see the plan */
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

/* Paused for lack of room and for nothing else; 'ret_has_room' says whether each disk has some now. */
static bool
is_full(const struct guest *g, bool *ret_has_room)
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

static void
log_troubles(const struct guest *g)
{
    for (size_t i = 0; i < g->seen.n_troubles; i++) {
        const struct disk_view *d = g->has_view ? disk_at(&g->view, g->seen.troubles[i].target) : NULL;
        log_warn(&g->log, "the guest is paused: a disk failed", F_STR("disk", g->seen.troubles[i].target),
                 F_STR("volume", d ? d->facts->volume : ""), F_STR("error", g->seen.troubles[i].what));
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
        .has_acpi = g->instance.spec.domain.acpi != TRI_FALSE,
        .state = g->seen.state,
        .stop_ms = g->stop_ms,
        .asked_ms = g->asked_ms,
        .grace_ms = domain_grace_s(&g->instance) * 1000,
        .is_full = is_full(g, &has_room),
        .has_room = has_room,
        .resumed_ms = g->resumed_ms,
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
