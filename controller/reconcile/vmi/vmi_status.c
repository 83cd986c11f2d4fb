// Phase and conditions of an instance. What the launcher tells in detail is put in by vmi_details.c.
#include "reconcile/vmi/vmi_status.h"

#include "api/rules/repairs.h"
#include "base/clock.h"
#include "reconcile/vmi/vmi_details.h"
#include "reconcile/vmi/vmi_trouble.h"

enum { UNSCHEDULABLE_STALLED_S = 300, LAUNCHER_UID = 107, PAUSED_MESSAGE_MAX = 900, GRACE_DEFAULT_S = 30 };

static void set_phase(const struct vmi_view *v, const struct vmi_observed *o, struct vmi_status *st, struct plan *p);
static void add_transition(const struct vmi_view *v, struct phase_transition_list *l, enum vmi_phase phase,
                           int64_t at_s);
static void phase_event(const struct vmi_observed *o, struct plan *p);
static void set_repairs(const struct vmi_view *v, struct vmi_status *st);
static void disruption_event(const struct vmi_view *v, const struct vmi_observed *o, struct plan *p);
static void set_conditions(const struct vmi_view *v, const struct vmi_observed *o, struct vmi_status *st);
static void set_ready(const struct vmi_view *v, const struct vmi_observed *o, struct vmi_status *st);
static void set_scheduling(const struct vmi_view *v, struct vmi_status *st);
static void set_running(const struct vmi_view *v, const struct vmi_observed *o, struct vmi_status *st);
static void set_foreign(const struct vmi_view *v, struct vmi_status *st, struct plan *p);
static void set_progress(const struct vmi_view *v, const struct vmi_observed *o, struct vmi_status *st);
static void put(const struct vmi_view *v, struct vmi_status *st, const struct condition *wish);
static const struct condition *unscheduled(const struct vmi_view *v);

void
vmi_status(const struct vmi_view *v, const struct vmi_observed *o, struct plan *p)
{
    struct vmi now = v->vmi;
    struct vmi_status *st = &now.status;

    st->observed_generation = (struct opt_int){.set = true, .v = v->vmi.meta.generation};
    st->runtime_user = (struct opt_int){.set = true, .v = LAUNCHER_UID};
    set_phase(v, o, st, p);
    vmi_details(v, o, st);
    set_repairs(v, st);
    set_conditions(v, o, st);
    set_foreign(v, st, p);
    disruption_event(v, o, p);
    json_t *old_all = json_in_arena(v->arena, api_encode(&vmi_type, &v->vmi));
    json_t *new_all = json_in_arena(v->arena, api_encode(&vmi_type, &now));
    p->status_old = json_object_get(old_all, "status");
    p->status_new = json_object_get(new_all, "status");
    p->status_anew = v->status_lost;
}

/* Those of an instance of a template are told by its owner. */
static void
set_repairs(const struct vmi_view *v, struct vmi_status *st)
{
    struct repair_list l = {0};
    struct vmi_bridge *b = st->bridge;

    if (!v->has_template && !v->is_header) {
        l = vmi_spec_repairs(&v->vmi.spec, v->arena);
    }
    if (!b && l.n == 0) {
        return;
    }
    b = b ? b : ARENA_NEW(v->arena, struct vmi_bridge);
    b->repairs = l;
    st->bridge = b;
}

static void
set_phase(const struct vmi_view *v, const struct vmi_observed *o, struct vmi_status *st, struct plan *p)
{
    enum vmi_phase old = vmi_phase_parse(v->vmi.status.phase);
    struct phase_transition_list l = {.items = ARENA_NEW_N(v->arena, struct phase_transition, PHASE_FAILED + 1)};

    for (size_t i = 0; i < v->vmi.status.phase_transitions.n && l.n < (size_t)PHASE_FAILED; i++) {
        l.items[l.n++] = v->vmi.status.phase_transitions.items[i];
    }
    st->phase = vmi_phase_name(o->phase);
    if (vmi_phase_is_final(o->phase)) {
        st->reason = o->reason;
        add_transition(v, &l, o->phase, v->now_s);
    } else { /* steps that went by between two syncs are told all the same (rule B2) */
        add_transition(v, &l, PHASE_PENDING, v->vmi.meta.creation_s);
        for (enum vmi_phase ph = PHASE_SCHEDULING; ph <= o->phase; ph++) {
            int64_t made_s =
                v->has_pod && v->active->pod.meta.creation_s > 0 ? v->active->pod.meta.creation_s : v->now_s;
            add_transition(v, &l, ph, ph == PHASE_SCHEDULING ? made_s : v->now_s);
        }
    }
    st->phase_transitions = l;
    if (o->phase != old) {
        phase_event(o, p);
    }
}

static void
add_transition(const struct vmi_view *v, struct phase_transition_list *l, enum vmi_phase phase, int64_t at_s)
{
    char text[CLOCK_TIME_SIZE];

    for (size_t i = 0; i < l->n; i++) {
        if (str_eq(l->items[i].phase, vmi_phase_name(phase))) {
            return;
        }
    }
    if (l->n > (size_t)PHASE_FAILED) {
        return;
    }
    clock_format(at_s, text);
    l->items[l->n++] = (struct phase_transition){.phase = vmi_phase_name(phase), .time = arena_strdup(v->arena, text)};
}

static void
phase_event(const struct vmi_observed *o, struct plan *p)
{
    if (o->phase == PHASE_RUNNING) {
        plan_event(p, "Normal", "Started", "VirtualMachineInstance started.");
    } else if (o->phase == PHASE_SUCCEEDED) {
        plan_event(p, "Normal", "Stopped", "The VirtualMachineInstance was shut down.");
    } else if (o->phase == PHASE_FAILED) {
        plan_event(p, "Warning", "Stopped", "The VirtualMachineInstance %s: %s",
                   str_eq(o->ended, "crashed") ? "crashed" : "was stopped", o->message);
    }
}

/* Once: when the status begins to tell it. */
static void
disruption_event(const struct vmi_view *v, const struct vmi_observed *o, struct plan *p)
{
    const char *disruption = vmi_disruption(v);
    const struct condition *old = condition_find(&v->vmi.status.conditions, "Ready");

    if (disruption && !vmi_phase_is_final(vmi_phase_parse(v->vmi.status.phase)) &&
        !(old && str_eq(old->reason, "PodTerminating"))) {
        plan_event(p, "Warning", "Evicted", "%s%s",
                   vmi_phase_is_final(o->phase) ? "" : "The guest is asked to shut down: ", disruption);
    }
}

/* Of an instance that has some. */
static void
set_data_volumes(const struct vmi_view *v, struct vmi_status *st)
{
    const char *wait = vmi_data_volumes_wait(v);
    bool has_some = false;

    for (size_t i = 0; i < v->claims.n; i++) {
        has_some = has_some || v->claims.items[i].data_volume;
    }
    if (has_some) {
        put(v, st,
            &(struct condition){.type = "DataVolumesReady",
                                .status = wait ? "False" : "True",
                                .reason = wait ? REASON_DATA_VOLUMES : "AllDVsReady",
                                .message = wait ? wait : "the claims of all DataVolumes are filled"});
    }
}

static void
set_conditions(const struct vmi_view *v, const struct vmi_observed *o, struct vmi_status *st)
{
    struct vmi_trouble t = vmi_trouble_of(v);

    st->conditions = (struct condition_list){0};
    set_ready(v, o, st);
    if (o->phase < PHASE_RUNNING) {
        set_scheduling(v, st);
    }
    set_data_volumes(v, st);
    if (t.reason && !str_eq(t.reason, REASON_DATA_VOLUMES) && !vmi_phase_is_final(o->phase)) {
        put(v, st,
            &(struct condition){.type = "Synchronized", .status = "False", .reason = t.reason, .message = t.message});
    }
    if (o->phase == PHASE_RUNNING) {
        set_running(v, o, st);
    }
    set_progress(v, o, st);
}

static const char *
terminating_message(const struct vmi_view *v)
{
    static const char text[] = "virt-launcher pod is terminating";
    const char *disruption = vmi_disruption(v);
    const struct opt_int *grace = &v->vmi.spec.termination_grace_period_s;

    if (!disruption) {
        return text;
    }
    return arena_printf(v->arena, "%s: %s; the guest is asked to shut down and has %lld s for it", text, disruption,
                        (long long)(grace->set ? grace->v : GRACE_DEFAULT_S));
}

/* Never Running and not ready without a word (rule A3). */
static void
set_ready(const struct vmi_view *v, const struct vmi_observed *o, struct vmi_status *st)
{
    struct condition c = {.type = "Ready", .status = "False"};
    bool probed = v->is_header || v->vmi.spec.readiness_probe != NULL;

    if (vmi_phase_is_final(o->phase)) {
        c.reason = "GuestNotRunning";
        c.message = o->message;
    } else if (o->is_held) {
        c.reason = "GuestNotRunning";
        c.message = "the launcher pod of the guest has ended, and another one of the instance has not yet";
    } else if (!v->has_pod) {
        c.reason = "PodNotExists";
        c.message = "virt-launcher pod has not yet been scheduled";
    } else if (v->active->pod.going) {
        c.reason = "PodTerminating";
        c.message = terminating_message(v);
    } else if (o->phase == PHASE_RUNNING && o->guest_up && (!probed || v->active->pod.is_ready)) {
        c.status = "True";
    } else if (o->phase == PHASE_RUNNING && o->guest_up) {
        c.reason = "ContainersNotReady";
        c.message = "the readiness probe of the guest does not succeed";
    } else if (o->phase == PHASE_RUNNING && o->paused) {
        c.reason = "GuestNotRunning";
        c.message = "the guest is paused";
    } else if (o->phase == PHASE_RUNNING && !v->active->report) {
        c.reason = "GuestNotRunning";
        c.message = "the launcher has not reported on the guest since the controller started";
    } else {
        c.reason = "GuestNotRunning";
        c.message = "Guest VM is not reported as running";
    }
    put(v, st, &c);
}

static const struct condition *
unscheduled(const struct vmi_view *v)
{
    const struct condition *c = v->has_pod ? condition_find(&v->active->pod.conditions, "PodScheduled") : NULL;

    if (!c || !str_eq(c->status, "False") || !v->node_lack) {
        return c && str_eq(c->status, "False") ? c : NULL;
    }
    struct condition *copy = ARENA_NEW(v->arena, struct condition); /* the scheduler knows labels only */
    *copy = *c;
    copy->message = arena_printf(v->arena, "%s (%s)", v->node_lack, c->message);
    return copy;
}

static void
set_scheduling(const struct vmi_view *v, struct vmi_status *st)
{
    const struct condition *c = unscheduled(v);

    if (c) {
        struct condition copy = *c;
        copy.last_probe_time = NULL;
        put(v, st, &copy);
    } else if (str_eq(vmi_trouble_of(v).reason, "FailedPvcNotFound")) {
        put(v, st,
            &(struct condition){.type = "PodScheduled",
                                .status = "False",
                                .reason = "Unschedulable",
                                .message = vmi_trouble_of(v).message});
    }
}

/* KubeVirt's sentence, which tools look for, and which volumes it is. While nobody reports, what was said last stays. */
static const char *
paused_message(const struct vmi_view *v, const struct vmi_observed *o)
{
    static const char io_error[] = "VMI was paused, low-level IO error detected";
    const struct condition *old = condition_find(&v->vmi.status.conditions, "Paused");
    const char *text = io_error;

    if (!str_eq(o->reason, "PausedIOError")) {
        return "VMI was paused by user";
    }
    if (!v->active->report) {
        return old && str_eq(old->reason, o->reason) && !str_empty(old->message) ? old->message : io_error;
    }
    for (size_t i = 0; i < v->active->report->disks.n && strlen(text) < PAUSED_MESSAGE_MAX; i++) {
        const struct disk_state *d = &v->active->report->disks.items[i];
        if (!str_empty(d->error)) {
            text = arena_printf(v->arena, "%s%s volume %s %s", text, text == io_error ? ":" : ",", d->volume,
                                vmi_disk_trouble(d));
        }
    }
    return text;
}

static const char *
unmovable_message(const struct vmi_view *v)
{
    static const char text[] = "live migration is not part of this version";
    const char *strategy = v->vmi.spec.eviction_strategy;

    if (str_empty(strategy) || !str_starts(strategy, "LiveMigrate")) {
        return text;
    }
    return arena_printf(
        v->arena, "%s: an eviction shuts the guest down within its grace period, whatever evictionStrategy %s says",
        text, strategy);
}

/* While nobody reports, what was said last stays. */
static void
set_credentials(const struct vmi_view *v, struct vmi_status *st)
{
    static const char type[] = "AccessCredentialsSynchronized";
    const struct condition *old = condition_find(&v->vmi.status.conditions, type);
    const struct agent_state *agent = v->active->report ? &v->active->report->agent : NULL;

    if (agent && agent->credentials != TRI_UNSET) {
        put(v, st,
            &(struct condition){.type = type,
                                .status = agent->credentials == TRI_TRUE ? "True" : "False",
                                .message = agent->credentials_message});
    } else if (!agent && old) {
        put(v, st, old);
    }
}

static void
set_running(const struct vmi_view *v, const struct vmi_observed *o, struct vmi_status *st)
{
    put(v, st,
        &(struct condition){
            .type = "LiveMigratable", .status = "False", .reason = "NotMigratable", .message = unmovable_message(v)});
    if (o->paused) {
        put(v, st,
            &(struct condition){
                .type = "Paused", .status = "True", .reason = o->reason, .message = paused_message(v, o)});
    }
    bool has_agent = v->active->report ? v->active->report->agent.connected == TRI_TRUE
                                       : condition_is(&v->vmi.status.conditions, "AgentConnected", "True");
    if (has_agent) {
        put(v, st, &(struct condition){.type = "AgentConnected", .status = "True"});
    }
    set_credentials(v, st);
}

/* kstatus: Stalled when only somebody else can help, Reconciling while there is a way to go, never both (rules K2, K3). */
static void
set_progress(const struct vmi_view *v, const struct vmi_observed *o, struct vmi_status *st)
{
    struct vmi_trouble t = vmi_trouble_of(v);
    const struct condition *c = unscheduled(v);
    bool waits_long =
        c && v->active->pod.meta.creation_s > 0 && v->now_s - v->active->pod.meta.creation_s >= UNSCHEDULABLE_STALLED_S;

    if (vmi_phase_is_final(o->phase)) {
        return;
    }
    if (t.stalled) {
        put(v, st, &(struct condition){.type = "Stalled", .status = "True", .reason = t.reason, .message = t.message});
    } else if (waits_long) {
        put(v, st,
            &(struct condition){.type = "Stalled", .status = "True", .reason = "Unschedulable", .message = c->message});
    } else if (v->old_pod && !v->has_pod) {
        put(v, st,
            &(struct condition){.type = "Reconciling",
                                .status = "True",
                                .reason = "WaitingForOldPod",
                                .message = arena_printf(v->arena,
                                                        "pod %s of an earlier instance of this name has not ended yet",
                                                        v->old_pod)});
    } else if (o->phase < PHASE_RUNNING || v->going) {
        put(v, st,
            &(struct condition){.type = "Reconciling",
                                .status = "True",
                                .reason = v->going ? "Stopping" : "Starting",
                                .message = v->going ? "the guest is shutting down" : "the guest is being started"});
    }
}

/* Roughly how many: each pod more is no reason for another write. */
static const char *
how_many_more(const struct vmi_view *v)
{
    if (v->foreign.n >= FOREIGN_EACH_MAX) {
        return " and others, 100 or more in all,";
    }
    return v->foreign.n >= 10 ? " and others, 10 or more in all," : v->foreign.n > 1 ? " and others" : "";
}

/* No part of progress (K3): the guest is as well as it was. */
static void
set_foreign(const struct vmi_view *v, struct vmi_status *st, struct plan *p)
{
    const struct condition *old = condition_find(&v->vmi.status.conditions, "ForeignPods");

    if (v->foreign.n == 0) {
        return;
    }
    struct condition c = {.type = "ForeignPods", .status = "True", .reason = "NotMadeByController"};
    c.message =
        arena_printf(v->arena,
                     "pod %s%s claims to run this instance, but vmbridge did not make it: it counts for nothing "
                     "and is left alone; whoever may delete pods in namespace %s can remove it",
                     v->foreign.name, how_many_more(v), v->vmi.meta.namespace);
    put(v, st, &c);
    if (!old) {
        plan_event(p, "Warning", "ForeignPod", "Pod %s claims to run this instance; vmbridge did not make it",
                   v->foreign.name);
    }
}

static void
put(const struct vmi_view *v, struct vmi_status *st, const struct condition *wish)
{
    condition_set(v->arena, &st->conditions, &v->vmi.status.conditions, wish, v->now_s);
}
