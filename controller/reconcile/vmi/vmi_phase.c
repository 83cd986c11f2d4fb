// From pod and launcher to phase.
#include "reconcile/vmi/vmi_phase.h"

static struct vmi_observed seen(const struct vmi_view *v, enum vmi_phase old);
static struct vmi_observed ended_by_report(const struct launcher_state *s);
static struct vmi_observed ended_by_pod(const struct vmi_view *v);
static struct vmi_observed judged(const struct vmi_view *v, struct vmi_observed o);
static void recall(const struct vmi_view *v, struct vmi_observed *o);
static struct vmi_observed alive(const struct vmi_view *v, enum vmi_phase old);

static const char *const phase_names[] = {"", "Pending", "Scheduling", "Scheduled", "Running", "Succeeded", "Failed"};

struct vmi_observed
vmi_observe(const struct vmi_view *v)
{
    enum vmi_phase old = vmi_phase_parse(v->vmi.status.phase);
    struct vmi_observed o = seen(v, old);

    o.is_held = launcher_is_besides(&v->launchers, v->active) && (!v->has_pod || vmi_phase_is_final(o.phase));
    if (o.is_held && !vmi_phase_is_final(old)) {
        return (struct vmi_observed){.phase = old == PHASE_UNSET ? PHASE_PENDING : old, .is_held = true};
    }
    return o;
}

const char *
vmi_phase_name(enum vmi_phase p)
{
    return phase_names[p];
}

enum vmi_phase
vmi_phase_parse(const char *name)
{
    for (size_t i = 1; i < ARRAY_LEN(phase_names); i++) {
        if (str_eq(name, phase_names[i])) {
            return (enum vmi_phase)i;
        }
    }
    return PHASE_UNSET;
}

bool
vmi_pod_is_due(const struct vmi_view *v)
{
    enum vmi_phase old = vmi_phase_parse(v->vmi.status.phase);

    return !v->has_pod && !v->going && !vmi_phase_is_final(old) && (v->was_made || old > PHASE_PENDING);
}

bool
vmi_phase_is_final(enum vmi_phase p)
{
    return p == PHASE_SUCCEEDED || p == PHASE_FAILED;
}

static struct vmi_observed
seen(const struct vmi_view *v, enum vmi_phase old)
{
    const struct condition *ready = condition_find(&v->vmi.status.conditions, "Ready");

    if (vmi_phase_is_final(old)) {
        return (struct vmi_observed){.phase = old,
                                     .reason = v->vmi.status.reason,
                                     .message = ready ? ready->message : "the guest has ended",
                                     .ended = v->vmi.status.bridge ? v->vmi.status.bridge->exit : NULL};
    }
    if (!v->has_pod) {
        if (v->going) { /* it was to end, and how it ended is not known any more */
            return (struct vmi_observed){.phase = old == PHASE_UNSET ? PHASE_PENDING : old};
        }
        if (vmi_pod_is_due(v)) {
            return (struct vmi_observed){.phase = PHASE_FAILED,
                                         .reason = "PodDeleted",
                                         .message = "the launcher pod was deleted",
                                         .ended = "destroyed"};
        }
        return (struct vmi_observed){.phase = PHASE_PENDING};
    }
    if (pod_is_over(&v->active->pod) || v->active->pod.terminated) {
        return judged(v, ended_by_pod(v));
    }
    if (v->active->report && launcher_is_end(v->active->report->state)) {
        return judged(v, ended_by_report(v->active->report));
    }
    return alive(v, old);
}

/* Domain state to phase as contract 2.7: a guest that shut down has succeeded, one that was switched off when its grace period
 * was over, or whose QEMU died, has failed. */
static struct vmi_observed
ended_by_report(const struct launcher_state *s)
{
    struct vmi_observed o = {.phase = PHASE_FAILED, .ended = "crashed", .reason = "Crashed"};

    if (s->state == DOMAIN_SHUTOFF && str_eq(s->reason, "shutdown")) {
        o = (struct vmi_observed){.phase = PHASE_SUCCEEDED, .ended = "shutdown", .reason = "Shutdown"};
        o.message = "the guest shut down";
    } else if (s->state == DOMAIN_SHUTOFF && str_eq(s->reason, "destroyed")) {
        o = (struct vmi_observed){.ended = "destroyed", .reason = "GracePeriodExpired", .phase = PHASE_FAILED};
        o.message = "the guest did not shut down within its grace period and was switched off";
    } else if (str_eq(s->reason, "start-failed")) {
        o.reason = s->invalid == TRI_TRUE ? REASON_INVALID_SPEC : "StartFailed";
        o.message = "the guest could not be started";
    } else if (str_eq(s->reason, "panicked")) {
        o.reason = "Panicked";
        o.message = "the guest's kernel panicked";
    } else {
        o.message = "QEMU ended unexpectedly";
    }
    if (!str_empty(s->message)) {
        o.message = s->message;
    }
    return o;
}

const char *
vmi_disruption(const struct vmi_view *v)
{
    const struct condition *c = condition_find(&v->active->pod.conditions, "DisruptionTarget");
    const char *strategy = v->vmi.spec.eviction_strategy;
    bool wants_move = strategy && str_starts(strategy, "LiveMigrate");

    if (!v->has_pod || !v->active->pod.going || v->going || !c || !str_eq(c->status, "True")) {
        return NULL;
    }
    return arena_printf(v->arena, "the launcher pod was taken away (%s: %s)%s%s%s", c->reason ? c->reason : "no reason",
                        c->message ? c->message : "no word why", wants_move ? "; evictionStrategy " : "",
                        wants_move ? strategy : "",
                        wants_move ? " would move the guest, but live migration is not part of this version" : "");
}

/* A guest that shut down because somebody took its pod did not wish to. */
static struct vmi_observed
judged(const struct vmi_view *v, struct vmi_observed o)
{
    const char *disruption = vmi_disruption(v);

    if (disruption) {
        o.message = arena_printf(v->arena, "%s: %s", o.message, disruption);
        o.reason = o.phase == PHASE_SUCCEEDED ? "Evicted" : o.reason;
        o.phase = PHASE_FAILED;
    } else if (v->active->pod.going && !v->going && o.phase == PHASE_SUCCEEDED) {
        o.phase = PHASE_FAILED;
        o.reason = "PodDeleted";
        o.message = "the launcher pod was deleted and the guest shut down with it";
    }
    return o;
}

static struct vmi_observed
ended_without_a_word(struct arena *a, const struct pod_view *p)
{
    const char *why = p->reason ? p->reason : p->terminated_reason;
    struct vmi_observed o = {
        .phase = PHASE_FAILED, .ended = "crashed", .reason = why ? why : "Crashed", .message = p->message};

    if (str_eq(p->reason, "UnexpectedAdmissionError")) { /* the kubelet says so when no container of it is left */
        o.message = arena_printf(a,
                                 "node %s refused the launcher pod, as a node that has started anew does until its "
                                 "devices are offered again: %s",
                                 p->node_name ? p->node_name : "(unknown)", p->message ? p->message : p->reason);
    } else if (!o.message) {
        const char *word = str_empty(p->last_text) ? why : p->last_text;

        o.message = arena_printf(a, "the launcher ended with exit code %lld and no word on the guest%s%s",
                                 (long long)p->exit_code, word ? ": " : "", word ? word : "");
    }
    return o;
}

static struct vmi_observed
ended_by_pod(const struct vmi_view *v)
{
    const struct pod_view *p = &v->active->pod;
    struct vmi_observed o = {.phase = PHASE_FAILED, .ended = "crashed", .reason = "Crashed"};

    if (p->last_words && launcher_is_end(p->last_words->state)) {
        o = ended_by_report(p->last_words);
    } else if (v->active->report && launcher_is_end(v->active->report->state)) {
        o = ended_by_report(v->active->report);
    } else if (p->terminated && p->exit_code == 0) {
        o = (struct vmi_observed){
            .phase = PHASE_SUCCEEDED, .ended = "shutdown", .reason = "Shutdown", .message = "the guest shut down"};
    } else {
        o = ended_without_a_word(v->arena, p);
    }
    return o;
}

/* A new leader has not heard of the launcher yet: what was said last holds, unless the pod has become unready since. */
static void
recall(const struct vmi_view *v, struct vmi_observed *o)
{
    const struct condition *paused = condition_find(&v->vmi.status.conditions, "Paused");
    const struct condition *ready = condition_find(&v->vmi.status.conditions, "Ready");
    const struct condition *pod = condition_find(&v->active->pod.conditions, "Ready");

    if (paused && str_eq(paused->status, "True")) {
        o->paused = true;
        o->reason = paused->reason;
    } else if (ready && str_eq(ready->status, "True") && ready->last_transition_time) {
        /* times of one form and zone: their texts are in their order */
        o->guest_up =
            !pod || !pod->last_transition_time || strcmp(pod->last_transition_time, ready->last_transition_time) <= 0;
    }
}

static struct vmi_observed
alive(const struct vmi_view *v, enum vmi_phase old)
{
    enum vmi_phase phase = v->active->pod.started ? PHASE_SCHEDULED : PHASE_SCHEDULING;
    struct vmi_observed o = {0};

    if (v->active->report) {
        o.paused = v->active->report->state == DOMAIN_PAUSED;
        o.guest_up = v->active->report->state == DOMAIN_RUNNING;
        if (o.paused || o.guest_up || v->active->report->state == DOMAIN_SHUTDOWN) {
            phase = PHASE_RUNNING;
        }
        o.reason = o.paused && str_eq(v->active->report->reason, "io-error") ? "PausedIOError" : "PausedByUser";
    } else if (v->active->pod.is_ready) { /* its readiness says that the guest runs; the launcher will dial in */
        phase = PHASE_RUNNING;
        o.guest_up = true;
    } else if (old == PHASE_RUNNING) {
        recall(v, &o);
    }
    o.phase = phase > old ? phase : old;
    return o;
}
