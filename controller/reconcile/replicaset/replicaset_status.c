// KubeVirt's ReplicaPaused and ReplicaFailure, and kstatus' Reconciling and Stalled (rules K1 to K3).
#include "reconcile/replicaset/replicaset_status.h"

#include "api/rules/repairs.h"
#include "api/rules/selector.h"

static void
set_condition(const struct replicaset_view *v, struct replicaset_status *st, const struct condition *wish)
{
    condition_set(v->arena, &st->conditions, &v->set.status.conditions, wish, v->now_s);
}

static void
set_paused(const struct replicaset_view *v, struct replicaset_status *st, struct plan *p)
{
    bool was_paused = condition_is(&v->set.status.conditions, "ReplicaPaused", "True");

    if (v->set.spec.paused == TRI_TRUE) {
        set_condition(
            v, st,
            &(struct condition){
                .type = "ReplicaPaused", .status = "True", .reason = "Paused", .message = "Controller got paused"});
        if (!was_paused) {
            plan_event(p, "Normal", "SuccessfulPaused", "The replica set is paused: no instance is made or deleted");
        }
    } else if (was_paused && !v->is_header) {
        plan_event(p, "Normal", "SuccessfulResumed", "The replica set goes on");
    }
}

static void
set_failure(const struct replicaset_view *v, struct replicaset_status *st)
{
    if (v->last_error) {
        set_condition(v, st,
                      &(struct condition){.type = "ReplicaFailure",
                                          .status = "True",
                                          .reason = v->n_active < v->n_wanted ? "FailedCreate" : "FailedDelete",
                                          .message = v->last_error});
    }
}

static void
set_progress(const struct replicaset_view *v, struct replicaset_status *st)
{
    struct condition wish = {.status = "True"};
    bool is_going_on = v->set.spec.paused != TRI_TRUE && v->set.meta.deletion_s == 0;

    if (v->invalid) {
        wish.type = "Stalled";
        wish.reason = "InvalidSpec";
        wish.message = v->invalid;
    } else if (v->last_error && v->error_lasts) {
        wish.type = "Stalled";
        wish.reason = "FailedCreate";
        wish.message = v->last_error;
    } else if (is_going_on && v->waiting) {
        wish.type = "Reconciling";
        wish.reason = "InstanceFailed";
        wish.message =
            arena_printf(v->arena, "instance %s failed before it ran: %s; what fails so is replaced after %d s",
                         v->waiting->meta.name, v->waiting->failed ? v->waiting->failed : "it does not say why",
                         REPLICA_FAILED_WAIT_S);
    } else if (is_going_on && v->n_active != v->n_wanted) {
        wish.type = "Reconciling";
        wish.reason = "Scaling";
        wish.message = arena_printf(v->arena, "%zu of %zu instances are there", v->n_active, v->n_wanted);
    } else if (is_going_on && v->n_ready < v->n_wanted) {
        wish.type = "Reconciling";
        wish.reason = "Starting";
        wish.message = arena_printf(v->arena, "%zu of %zu instances are ready", v->n_ready, v->n_wanted);
    } else {
        return;
    }
    set_condition(v, st, &wish);
}

static struct replicaset_bridge *
bridge_of(const struct replicaset_view *v)
{
    const struct vm_spec machine = {.template = v->set.spec.template};
    struct replicaset_bridge *b = ARENA_NEW(v->arena, struct replicaset_bridge);

    if (!v->is_header) {
        b->repairs = vm_spec_repairs(&machine, v->arena);
    }
    return b->repairs.n > 0 ? b : NULL;
}

void
replicaset_status(const struct replicaset_view *v, struct plan *p)
{
    struct replicaset now = v->set;
    struct replicaset_status *st = &now.status;

    st->replicas = (struct opt_int){.set = true, .v = (int64_t)v->n_active};
    st->ready_replicas = (struct opt_int){.set = true, .v = (int64_t)v->n_ready};
    st->observed_generation = (struct opt_int){.set = true, .v = v->set.meta.generation};
    if (!v->is_header) {
        st->label_selector = selector_text(&v->set.spec.selector, v->arena);
    }
    st->conditions = (struct condition_list){0};
    set_paused(v, st, p);
    set_failure(v, st);
    set_progress(v, st);
    st->bridge = bridge_of(v);

    json_t *old_all = json_in_arena(v->arena, api_encode(&replicaset_type, &v->set));
    json_t *new_all = json_in_arena(v->arena, api_encode(&replicaset_type, &now));
    p->status_old = json_object_get(old_all, "status");
    p->status_new = json_object_get(new_all, "status");
    p->status_anew = v->status_lost;
}
