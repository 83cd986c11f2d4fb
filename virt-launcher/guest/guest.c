// Begins, and takes in what comes from outside of libvirt: disks, the gateway's word, the pod's end.
#include "guest/guest.h"

#include "base/clock.h"
#include "base/random.h"
#include "domain/parts/console.h"
#include "effect/files.h"
#include "guest/guest_devices.h"
#include "guest/guest_end.h"
#include "guest/guest_libvirt.h"
#include "guest/guest_logs.h"
#include "guest/guest_ports.h"
#include "guest/guest_setup.h"
#include "guest/guest_state.h"
#include "guest/guest_step.h"
#include "guest/guest_streams.h"
#include "guest/guest_tell.h"
#include "guest/guest_verbs.h"

/* The log comes into being before QEMU does, which appends to it. */
static void
begin_console(struct guest *g)
{
    if (!console_is_logged(&g->instance)) {
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
        guest_ports_open(g);
    }
    guest_tell(g);
    guest_step(g);
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
    guest_ports_wish(g, &desired->open_ports);
    guest_devices_wish(g, desired->devices);
    guest_step(g);
}

static struct err *
begin_gateway(struct guest *g)
{
    const struct answers_facts facts = {
        .agent = &g->agent, .act = guest_verbs_act, .stream = guest_streams_open, .arg = g};

    if (str_empty(g->instance.gateway)) {
        return NULL;
    }
    guest_streams_init(g);
    g->answers = answers_new(&facts, 1 + (int64_t)random_u32());
    const struct gateway_client_options o = {
        .address = g->instance.gateway,
        .name = g->instance.gateway_name,
        .pins_path = g->paths.gateway_pins,
        .token_path = g->paths.token,
        .log = &g->log,
        .desired = on_desired,
        .arg = g,
        .answers = g->answers,
    };

    return gateway_client_new(g->loop, &o, &g->gateway);
}

static struct err *
begin(struct guest *g)
{
    struct err *e = guest_setup(g);

    if (!e) {
        guest_time(g, "setup");
        e = guest_libvirt_init(g);
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
    guest_libvirt_connect(g);
    guest_bound_logs(g);
    disks_prepare(g->loop, &g->instance, &g->paths, g->arena, on_disks, g);
    guest_tell(g);
    return NULL;
}

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
    guest_ports_init(g);
    guest_verbs_init(g);
    if (guest_has_ended(g)) {
        return g;
    }
    g->failure = begin(g);
    if (g->failure) {
        g->is_known = true;
        guest_step(g);
    }
    return g;
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
