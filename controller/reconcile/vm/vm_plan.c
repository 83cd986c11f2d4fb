// The rules of a VirtualMachine, first match wins.
#include "reconcile/vm/vm_plan.h"

#include "reconcile/vm/vm_adopt.h"
#include "reconcile/vm/vm_changes.h"
#include "reconcile/vm/vm_data_volumes.h"
#include "reconcile/vm/vm_power.h"
#include "reconcile/vm/vm_start.h"
#include "reconcile/vm/vm_status.h"
#include "reconcile/vmi/vmi_kind.h"
#include "reconcile/vmi/vmi_template.h"

static bool is_deleting(const void *view);
static bool must_adopt(const void *view);
static bool is_foreign(const void *view);
static bool is_stopping(const void *view);
static bool must_stop(const void *view);
static bool must_clear(const void *view);
static bool must_start(const void *view);
static bool is_invalid(const void *view);
static bool must_start_anew(const void *view);
static bool must_follow(const void *view);
static bool is_waiting(const void *view);
static bool is_held(const void *view);
static bool lacks_data_volumes(const void *view);
static bool awaits_data_volumes(const void *view);
static void plan_adopt(const void *view, struct plan *p);
static void plan_delete(const void *view, struct plan *p);
static void plan_follow(const void *view, struct plan *p);
static void plan_wait(const void *view, struct plan *p);
static void plan_data_volumes(const void *view, struct plan *p);
static void plan_create(const void *view, struct plan *p);

/* Order is meaning: deletion outranks everything, nothing is started beside an instance that is still there. */
static const struct rule rules[] = {
    {"deleting", "a VM that is being deleted starts and stops nothing: its instance goes with it", is_deleting,
     rule_nothing},
    {"adopt", "an instance that nobody controls and that this VM would make as it is becomes its own", must_adopt,
     plan_adopt},
    {"foreign-instance", "an instance of that name which belongs to somebody else is left alone", is_foreign,
     rule_nothing},
    {"stopping", "an instance that ends is waited for", is_stopping, rule_nothing},
    {"stop", "Halted, or a stop that was asked for: the instance is deleted", must_stop, plan_delete},
    {"clear-finished", "a finished instance makes room for the next one, or for none", must_clear, plan_delete},
    {"start-anew", "an instance that cannot start makes room when its template was changed", must_start_anew,
     plan_delete},
    {"invalid", "a spec that cannot run is told in status and not started", is_invalid, rule_nothing},
    {"follow", "what the template changes at once reaches the instance that runs", must_follow, plan_follow},
    {"back-off", "after failed starts the next one waits", is_waiting, plan_wait},
    {"hold", "a start that could not be made is told before it is tried again", is_held, rule_nothing},
    {"data-volumes-missing", "DataVolumes of its templates are made as soon as there is a machine", lacks_data_volumes,
     plan_data_volumes},
    {"data-volumes-awaited", "nothing is started before the DataVolumes of its templates are filled",
     awaits_data_volumes, rule_nothing},
    {"start", "the run strategy wants an instance and there is none: it is made", must_start, plan_create},
    {"steady", "nothing to do", rule_always, rule_nothing},
};
const struct rules vm_rules = {rules, ARRAY_LEN(rules)};

void
vm_plan(const struct vm_view *v, struct plan *ret_plan)
{
    *ret_plan = (struct plan){.arena = v->arena};
    rules_apply(&vm_rules, v, ret_plan);
    vm_status(v, ret_plan);
}

static bool
is_deleting(const void *view)
{
    const struct vm_view *v = view;
    return v->vm.meta.deletion_s != 0;
}

static bool
must_adopt(const void *view)
{
    const struct vm_view *v = view;
    return v->has_vmi && !v->vmi_is_ours && !vm_adopt_bar(v);
}

static bool
is_foreign(const void *view)
{
    const struct vm_view *v = view;
    return v->has_vmi && !v->vmi_is_ours;
}

static bool
is_stopping(const void *view)
{
    const struct vm_view *v = view;
    return v->has_vmi && v->vmi_going;
}

static bool
must_stop(const void *view)
{
    const struct vm_view *v = view;
    return v->has_vmi && (v->strategy == RUN_HALTED || vm_is_asked(v, CHANGE_STOP));
}

static bool
must_clear(const void *view)
{
    const struct vm_view *v = view;
    bool starts = v->strategy == RUN_ALWAYS || v->strategy == RUN_RERUN_ON_FAILURE;

    return v->has_vmi && vmi_is_final(&v->vmi) && (vm_is_asked(v, CHANGE_START) || (starts && !vm_is_refused(v)));
}

/* RerunOnFailure starts when it was just set and after a failure, not after a good end: the end is kept in the status. */
static bool
wants_start(const struct vm_view *v)
{
    if (vm_is_asked(v, CHANGE_START)) {
        return true;
    }
    switch (v->strategy) {
    case RUN_ALWAYS:
    case RUN_ONCE:
        return true;
    case RUN_RERUN_ON_FAILURE:
        return v->vm.status.run_strategy != RUN_RERUN_ON_FAILURE || str_eq(v->vm.status.last_run_phase, "Failed");
    case RUN_UNSET:
    case RUN_HALTED:
    case RUN_MANUAL:
    case RUN_WAIT_AS_RECEIVER:
        break;
    }
    return false;
}

static bool
must_start(const void *view)
{
    const struct vm_view *v = view;
    return !v->has_vmi && wants_start(v);
}

static bool
must_start_anew(const void *view)
{
    return vm_starts_anew(view);
}

static bool
is_invalid(const void *view)
{
    const struct vm_view *v = view;
    return v->invalid != NULL;
}

static bool
must_follow(const void *view)
{
    return vm_follows(view);
}

static bool
is_waiting(const void *view)
{
    const struct vm_view *v = view;
    int64_t s;

    return must_start(v) && vm_start_waits(v, &s);
}

static bool
is_held(const void *view)
{
    const struct vm_view *v = view;
    return v->hold && (must_start(v) || vm_data_volumes_lack(v));
}

static bool
lacks_data_volumes(const void *view)
{
    return vm_data_volumes_lack(view);
}

static bool
awaits_data_volumes(const void *view)
{
    return must_start(view) && vm_data_volumes_awaited(view);
}

static void
plan_data_volumes(const void *view, struct plan *p)
{
    vm_data_volumes_plan(view, p);
}

/* The next sync, with an instance of its own, tells the rest. A machine that is gone already would take the instance with it: the
 * instance may be an orphan because it is going. */
static void
plan_adopt(const void *view, struct plan *p)
{
    const struct vm_view *v = view;
    const json_t *body = vmi_adopt_body(v->arena, v->kind, &v->vm.meta, &v->vmi.meta);

    (void)plan_add(p, VERB_CONFIRM, v->kind, &v->vm.meta, NULL);
    plan_add(p, VERB_APPLY, &vmi_kind, &v->vmi.meta, body)->as = "adopt-vmi";
    plan_event(p, "Normal", "Adopted", "The virtual machine instance %s had no owner and is this virtual machine's now",
               v->vmi.meta.name);
}

static void
plan_delete(const void *view, struct plan *p)
{
    const struct vm_view *v = view;
    (void)plan_add(p, VERB_DELETE, &vmi_kind, &v->vmi.meta, NULL);
    plan_event(p, "Normal", "SuccessfulDelete",
               "Stopped the virtual machine by deleting the virtual machine instance %s", v->vmi.meta.name);
}

static void
plan_follow(const void *view, struct plan *p)
{
    vm_plan_follow(view, p);
}

static void
plan_wait(const void *view, struct plan *p)
{
    const struct vm_view *v = view;
    int64_t s = 1;

    (void)vm_start_waits(v, &s); /* the rule matched: it does */
    plan_requeue(p, s * 1000);
}

/* The generation says what this run was made from. */
static json_t *
vmi_object(const struct vm_view *v)
{
    const struct meta *m = &v->vm.meta;
    json_t *vmi = vmi_of_template(v->arena, &v->vm.spec.template, v->kind, m, m->name);
    AUTO(freep) char *generation = xasprintf("%lld", (long long)m->generation);

    (void)json_object_set_new(json_at(vmi, "metadata", "annotations", NULL), VM_GENERATION_ANNOTATION,
                              json_string(generation));
    if (vm_starts_paused(v)) {
        (void)json_object_set_new(json_object_get(vmi, "spec"), "startStrategy", json_string("Paused"));
    }
    return vmi;
}

static void
plan_create(const void *view, struct plan *p)
{
    const struct vm_view *v = view;
    struct meta target = {.namespace = v->vm.meta.namespace, .name = v->vm.meta.name};

    (void)plan_add(p, VERB_CREATE, &vmi_kind, &target, vmi_object(v));
    plan_event(p, "Normal", "SuccessfulCreate",
               "Started the virtual machine by creating the new virtual machine instance %s", v->vm.meta.name);
}
