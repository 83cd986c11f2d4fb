// The rules of an instance, first match wins.
#include "reconcile/vmi/vmi_plan.h"

#include "api/kinds/instance.h"
#include "base/clock.h"
#include "reconcile/pod/pod_kind.h"
#include "reconcile/pod/pod_render.h"
#include "reconcile/pvc/pvc_kind.h"
#include "reconcile/pvc/state_claim.h"
#include "reconcile/vm/vm_view.h"
#include "reconcile/vmi/nodes_view.h"
#include "reconcile/vmi/pod_warnings.h"
#include "reconcile/vmi/vmi_desired.h"
#include "reconcile/vmi/vmi_pods.h"
#include "reconcile/vmi/vmi_status.h"
#include "reconcile/vmi/vmi_trouble.h"

enum {
    OLD_POD_WAIT_MS = 2000,
    READ_AGAIN_MS = 3000,
    QUIET_START_S = 5,
    QUIET_START_MAX_S = 30,
    WAITING_PER_QUIET_S = 40,
    QUIET_DETAILS_S = 3
};

static bool is_deleted(const void *view);
static bool is_going_with_pod(const void *view);
static bool is_going(const void *view);
static bool is_unseen(const void *view);
static bool is_awaited(const void *view);
static bool is_left(const void *view);
static bool is_finished(const void *view);
static bool is_invalid(const void *view);
static bool has_old_pod(const void *view);
static bool is_blocked(const void *view);
static bool is_pod_missing(const void *view);
static bool must_read_warnings(const void *view);
static bool is_label_missing(const void *view);
static void plan_release(const void *view, struct plan *p);
static void plan_wait(const void *view, struct plan *p);
static void plan_pod(const void *view, struct plan *p);
static void plan_read_warnings(const void *view, struct plan *p);
static void plan_label(const void *view, struct plan *p);
static int64_t quiet_start_left_s(const struct vmi_view *v);
static bool may_wait_with_status(const struct vmi_view *v, const struct vmi_observed *o);
static bool may_wait_with_details(const struct vmi_view *v, const struct plan *p);

/* Order is meaning: deletion outranks everything; a finished instance never gets a second pod. */
static const struct rule rules[] = {
    {"deleted", "the API server has dropped the instance; nothing is left to do", is_deleted, rule_nothing},
    {"deleting-pod", "an instance that goes takes its launcher pod with it first", is_going_with_pod, pods_plan_end},
    {"deleting", "no pod is left: the instance may go", is_going, plan_release},
    {"pod-unseen", "its pod is not seen any more: what follows from that waits until the API server says that it is gone",
     is_unseen, pods_plan_seek},
    {"other-pod-awaited",
     "its launcher has ended, and another one may have the guest: nothing is done before that says so", is_awaited,
     rule_nothing},
    {"other-pod-left", "its run is over, and a pod that the guest was to be moved to is left: it goes first", is_left,
     pods_plan_end_others},
    {"finished", "a finished instance stays as it is until somebody deletes it", is_finished, rule_nothing},
    {"invalid", "a spec that cannot run gets no pod; status says why", is_invalid, rule_nothing},
    {"old-pod", "a pod of an earlier instance of this name still lives: its disks are not touched", has_old_pod,
     plan_wait},
    {"blocked", "something the pod needs is not there; status says what", is_blocked, rule_nothing},
    {"pod-missing", "a new instance gets its launcher pod", is_pod_missing, plan_pod},
    {"pod-hidden", "somebody took off the labels by which the pod is watched: they are put back", pods_are_hidden,
     pods_plan_labels},
    {"start-is-slow", "its pod waits, perhaps for a Secret: what events say of it is read", must_read_warnings,
     plan_read_warnings},
    {"ca-changed", "the pod gets the new CAs of the gateway", pods_have_old_ca, pods_plan_ca},
    {"label-node", "the instance of a VirtualMachine is labelled with its node", is_label_missing, plan_label},
    {"steady", "nothing to do", rule_always, rule_nothing},
};
const struct rules vmi_rules = {rules, ARRAY_LEN(rules)};

void
vmi_plan(const struct vmi_view *v, struct plan *ret_plan)
{
    const struct vmi_observed o = vmi_observe(v);
    struct vmi_view now = *v;

    now.observed = &o;
    *ret_plan = (struct plan){.arena = v->arena};
    rules_apply(&vmi_rules, &now, ret_plan);
    if (v->is_deleted) {
        return;
    }
    vmi_status(v, &o, ret_plan);
    if (pod_warnings_matter(v)) {
        plan_requeue(ret_plan, pod_warnings_due_s(v) * 1000);
    }
    plan_requeue(ret_plan, v->node_lack ? NODES_LACK_AGAIN_MS : 0);
    if (may_wait_with_status(v, &o)) {
        int64_t left_s = quiet_start_left_s(v);
        ret_plan->status_new = NULL;
        /* Not later than that: patience and trouble change with time too. */
        plan_requeue(ret_plan, (left_s < QUIET_START_S ? left_s : QUIET_START_S) * 1000);
    } else if (may_wait_with_details(v, ret_plan)) {
        ret_plan->status_new = NULL;
        plan_requeue(ret_plan, 1000);
    }
    vmi_desired(v, ret_plan);
}

static bool
is_deleted(const void *view)
{
    const struct vmi_view *v = view;

    return v->is_deleted;
}

static bool
is_going_with_pod(const void *view)
{
    const struct vmi_view *v = view;

    return v->going && pods_are_alive(v);
}

static bool
is_going(const void *view)
{
    const struct vmi_view *v = view;

    return v->going;
}

/* A pod that lost its label is out of the watch's sight like one that is gone. Two QEMUs on one disk would be the price of a mistake. */
static bool
is_unseen(const void *view)
{
    const struct vmi_view *v = view;

    if (v->launchers.n > 0) { /* another one than those that are seen */
        return v->unseen.n > 0 && !vmi_phase_is_final(vmi_phase_parse(v->vmi.status.phase));
    }
    return vmi_pod_is_due(v) && v->unseen.n > 0;
}

static bool
is_awaited(const void *view)
{
    const struct vmi_view *v = view;

    return v->observed->is_held && !vmi_phase_is_final(v->observed->phase) &&
           launcher_is_awaited(&v->launchers, v->active);
}

static bool
is_left(const void *view)
{
    const struct vmi_view *v = view;

    return v->observed->is_held;
}

static bool
is_finished(const void *view)
{
    const struct vmi_view *v = view;

    return vmi_phase_is_final(v->observed->phase);
}

static bool
is_invalid(const void *view)
{
    const struct vmi_view *v = view;

    return v->invalid && !v->has_pod;
}

static bool
has_old_pod(const void *view)
{
    const struct vmi_view *v = view;

    return !v->has_pod && v->old_pod;
}

static bool
is_blocked(const void *view)
{
    const struct vmi_view *v = view;

    return !v->has_pod && vmi_trouble_of(v).reason &&
           (!v->last_error || v->hold); /* what failed is told once, then tried again */
}

static bool
is_pod_missing(const void *view)
{
    const struct vmi_view *v = view;

    return !v->has_pod;
}

static bool
must_read_warnings(const void *view)
{
    const struct vmi_view *v = view;

    return pod_warnings_matter(v) && pod_warnings_due_s(v) == 0;
}

static bool
is_label_missing(const void *view)
{
    const struct vmi_view *v = view;

    return v->has_template && !v->is_header && v->observed->phase == PHASE_RUNNING && v->active->pod.node_name &&
           !str_eq(str_map_get(&v->vmi.meta.labels, NODE_LABEL), v->active->pod.node_name);
}

static void
plan_release(const void *view, struct plan *p)
{
    const struct vmi_view *v = view;
    const struct str_list *places = &v->vmi.meta.finalizers; /* "#7": the cache keeps where ours stand */
    json_t *steps = json_in_arena(v->arena, json_array());

    if (!vmi_phase_is_final(vmi_phase_parse(v->vmi.status.phase))) {
        pods_plan_seek(v, p);
    }
    for (size_t i = places->n; i > 0; i--) { /* the last one first: the others stay where they are */
        AUTO(freep) char *path = xasprintf("/metadata/finalizers/%s", places->items[i - 1] + 1);
        BUG_ON(json_array_append_new(steps, json_pack("{s:s, s:s}", "op", "remove", "path", path)) != 0);
    }
    for (size_t i = 0; i < v->launchers.n; i++) { /* finished pods: their records go with the instance */
        if (!v->launchers.items[i].pod.going) {
            (void)plan_add(p, VERB_DELETE, &pod_kind, &v->launchers.items[i].pod.meta, NULL);
        }
    }
    if (places->n > 0) {
        plan_add(p, VERB_JSON_PATCH, v->kind, &v->vmi.meta, steps)->as = "release-vmi";
    }
}

static void
plan_wait(const void *view, struct plan *p)
{
    (void)view; /* the same for all */

    plan_requeue(p, OLD_POD_WAIT_MS);
}

/* Before the pod that mounts it. One of that name whose create we do not know of is judged by the next sync. */
static void
plan_state_claim(const struct vmi_view *v, struct plan *p)
{
    const struct claim_view *c = vmi_state_claim(v);

    if (c && !c->exists) {
        const struct meta target = {.namespace = v->vmi.meta.namespace, .name = c->name};
        plan_add(p, VERB_CREATE, &pvc_kind, &target,
                 state_claim_render(v->arena, &v->vmi, c->name, v->config->state_class))
            ->is_name_guessable = true;
        plan_event(p, "Normal", "SuccessfulCreate", "Created PVC %s, which keeps the machine's state", c->name);
    }
}

static void
plan_pod(const void *view, struct plan *p)
{
    const struct vmi_view *v = view;
    const json_t *pod = pod_render(v);
    struct meta target = {.namespace = v->vmi.meta.namespace,
                          .name = json_str(json_object_get(pod, "metadata"), "name")};

    plan_state_claim(v, p);
    plan_add(p, VERB_CREATE, &pod_kind, &target, pod)->is_of_template = v->has_template;
    plan_event(p, "Normal", "SuccessfulCreate", "Created virtual machine pod %s", target.name);
}

static void
plan_read_warnings(const void *view, struct plan *p)
{
    const struct vmi_view *v = view;

    plan_add(p, VERB_READ_EVENTS, &pod_kind, &v->active->pod.meta, NULL)->as = "read-warnings";
    plan_requeue(p, READ_AGAIN_MS);
}

static void
plan_label(const void *view, struct plan *p)
{
    const struct vmi_view *v = view;
    json_t *patch = json_pack("{s:{s:{s:s}}}", "metadata", "labels", NODE_LABEL, v->active->pod.node_name);

    BUG_ON(!patch);
    (void)plan_add(p, VERB_MERGE_PATCH, v->kind, &v->vmi.meta, json_in_arena(v->arena, patch));
}

/* Seconds for which the steps of a start need not be told yet. While many machines wait for their turn every write makes all of them
 * wait longer, so patience grows with their number. */
static int64_t
quiet_start_left_s(const struct vmi_view *v)
{
    size_t quiet_s = QUIET_START_S + v->n_waiting / WAITING_PER_QUIET_S;
    int64_t age_s = v->now_s - v->vmi.meta.creation_s;

    return (int64_t)(quiet_s < QUIET_START_MAX_S ? quiet_s : QUIET_START_MAX_S) - age_s;
}

/* The steps of a quick start are told in the one write that says Running: that spares a write per VM (design.md 9). A start that
 * takes longer, trouble, and an instance that the user made are told at once (rule K2). */
static bool
may_wait_with_status(const struct vmi_view *v, const struct vmi_observed *o)
{
    return v->has_template && !v->going && o->phase < PHASE_RUNNING && quiet_start_left_s(v) > 0 &&
           !vmi_trouble_of(v).reason && !v->invalid && !v->old_pod;
}

/* What a launcher adds in the moments after Running (open ports, sizes) is told in one write a little later. */
static bool
may_wait_with_details(const struct vmi_view *v, const struct plan *p)
{
    const struct phase_transition_list *l = &v->vmi.status.phase_transitions;
    const struct phase_transition *last = l->n > 0 ? &l->items[l->n - 1] : NULL;
    int64_t at_s;
    bool is_same =
        str_eq(json_str(p->status_old, "phase"), json_str(p->status_new, "phase")) &&
        json_equal(json_object_get(p->status_old, "conditions"), json_object_get(p->status_new, "conditions"));

    return v->has_template && !v->going && is_same && str_eq(v->vmi.status.phase, "Running") && last &&
           clock_parse(last->time, &at_s) && v->now_s - at_s < QUIET_DETAILS_S && v->now_s >= at_s;
}
