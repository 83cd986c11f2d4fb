// Conditions, printable status and the rest of a VirtualMachine's status.
#include "reconcile/vm/vm_status.h"

#include "api/rules/repairs.h"
#include "base/clock.h"
#include "reconcile/vm/vm_adopt.h"
#include "reconcile/vm/vm_changes.h"
#include "reconcile/vm/vm_data_volumes.h"
#include "reconcile/vm/vm_printable.h"
#include "reconcile/vm/vm_start.h"
#include "reconcile/vmi/vmi_kind.h"
#include "reconcile/vmi/vmi_phase.h"

enum { FAIL_BASE_S = 10, FAIL_MAX_S = 300, FAIL_STALLED = 3, FAIL_COUNT_MAX = 1000000, MIRRORED_MAX = 32 };

static const struct condition *keeper(const struct vm_view *v);
static const char *failure(const struct vm_view *v);
static const char *next_of_trouble(const struct vm_view *v);
static void set_conditions(const struct vm_view *v, const struct plan *p, struct vm_status *st);
static void set_ready(const struct vm_view *v, const struct plan *p, struct vm_status *st);
static const char *loop_failure(const struct vm_view *v, const struct vm_status *st);
static void set_progress(const struct vm_view *v, const struct plan *p, struct vm_status *st);
static void mirror_conditions(const struct vm_view *v, struct vm_status *st);
static void set_failure(const struct vm_view *v, struct vm_status *st);
static void set_run(const struct vm_view *v, const struct plan *p, struct vm_status *st);
static const char *next_step(const struct vm_view *v, const struct plan *p);

/* Conditions of a VM that say something of their own; all others are the instance's, mirrored. */
static const char *const own_conditions[] = {"Ready", "Failure", "RestartRequired", "Reconciling", "Stalled"};

void
vm_status(const struct vm_view *v, struct plan *p)
{
    struct vm now = v->vm;
    struct vm_status *st = &now.status;
    bool is_up = v->has_vmi && !vmi_is_final(&v->vmi);

    st->created = is_up || plan_has(p, VERB_CREATE, &vmi_kind) ? TRI_TRUE : TRI_UNSET;   /* rule A1 */
    st->observed_generation = (struct opt_int){.set = true, .v = v->vm.meta.generation}; /* rule K1 */
    st->desired_generation = st->observed_generation;
    set_run(v, p, st);
    set_failure(v, st);
    st->printable_status = vm_printable(v, p, st);
    set_conditions(v, p, st);
    st->ready = condition_is(&st->conditions, "Ready", "True") ? TRI_TRUE : TRI_UNSET;
    struct vm_bridge *bridge = ARENA_NEW(v->arena, struct vm_bridge);
    bridge->next = next_step(v, p);
    bridge->last_failure = st->bridge ? st->bridge->last_failure : NULL;
    bridge->power = (struct vm_power *)(uintptr_t)v->power; /* only read: it is encoded below */
    st->state_changes = v->changes;
    if (!v->is_header) {
        bridge->repairs = vm_spec_repairs(&v->vm.spec, v->arena);
    }
    bridge->pending = vm_pending(v);
    st->bridge = bridge->next || bridge->last_failure || bridge->power || bridge->repairs.n > 0 || bridge->pending.n > 0
                     ? bridge
                     : NULL;

    json_t *old_all = json_in_arena(v->arena, api_encode(&vm_type, &v->vm));
    json_t *new_all = json_in_arena(v->arena, api_encode(&vm_type, &now));
    p->status_old = json_object_get(old_all, "status");
    p->status_new = json_object_get(new_all, "status");
    p->status_anew = v->status_lost;
}

/* The condition that says what keeps the instance from starting; NULL: nothing does. */
static const struct condition *
keeper(const struct vm_view *v)
{
    static const char *const types[][2] = {
        {"Stalled", "True"}, {"Synchronized", "False"}, {"DataVolumesReady", "False"}, {"PodScheduled", "False"}};
    const struct condition_list *l = &v->vmi.status.conditions;

    if (!v->has_vmi || v->vmi_going || vmi_is_final(&v->vmi) || str_eq(v->vmi.status.phase, "Running")) {
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (condition_is(l, types[i][0], types[i][1])) {
            return condition_find(l, types[i][0]);
        }
    }
    return NULL;
}

/* Why instance or pod could not be made, for as long as it is tried again by itself. */
static const char *
failure(const struct vm_view *v)
{
    const struct condition *kept = keeper(v);
    bool is_refused = kept && str_eq(kept->type, "Synchronized") && str_eq(kept->reason, "FailedCreate");

    if (v->last_error) {
        return v->last_error;
    }
    return is_refused ? kept->message : NULL;
}

static void
set_conditions(const struct vm_view *v, const struct plan *p, struct vm_status *st)
{
    st->conditions = (struct condition_list){0};
    set_ready(v, p, st);
    mirror_conditions(v, st);
    if (failure(v)) {
        condition_set(
            v->arena, &st->conditions, &v->vm.status.conditions,
            &(struct condition){.type = "Failure", .status = "True", .reason = "FailedCreate", .message = failure(v)},
            v->now_s);
    }
    const char *waits = vm_restart_required(v);
    if (waits) {
        condition_set(v->arena, &st->conditions, &v->vm.status.conditions,
                      &(struct condition){
                          .type = "RestartRequired", .status = "True", .reason = "RestartRequired", .message = waits},
                      v->now_s);
    }
    set_progress(v, p, st);
}

/* Mirrored from the instance; while it is about to exist nothing is said (rule A2), when there is none VMINotExists (rule B5). */
static void
set_ready(const struct vm_view *v, const struct plan *p, struct vm_status *st)
{
    const struct condition *theirs = v->has_vmi ? condition_find(&v->vmi.status.conditions, "Ready") : NULL;
    struct condition wish = {
        .type = "Ready", .status = "False", .reason = "VMINotExists", .message = "VMI does not exist"};

    if (v->has_vmi || plan_has(p, VERB_CREATE, &vmi_kind)) {
        wish.reason = theirs ? theirs->reason : "VMIConditionMissing";
        wish.message = theirs ? theirs->message : "VMI is missing the Ready condition";
        wish.status = theirs ? theirs->status : "False";
    }
    const char *failure = str_eq(wish.status, "True") ? NULL : loop_failure(v, st);
    if (failure) {
        wish.message =
            arena_printf(v->arena, "%s; the last start failed: %s", wish.message ? wish.message : "", failure);
    }
    condition_set(v->arena, &st->conditions, &v->vm.status.conditions, &wish, v->now_s);
}

/* Why starts fail, for as long as they do: people read the first condition. NULL: they do not, or the condition says it itself. */
static const char *
loop_failure(const struct vm_view *v, const struct vm_status *st)
{
    const struct vm_failure *f = st->bridge ? st->bridge->last_failure : NULL;
    bool is_told = v->has_vmi && vmi_is_final(&v->vmi);

    return f && !is_told && st->start_failure && st->start_failure->consecutive_fail_count.v > 0 ? f->message : NULL;
}

static void
mirror_conditions(const struct vm_view *v, struct vm_status *st)
{
    const struct condition_list *theirs = &v->vmi.status.conditions;

    for (size_t i = 0; v->has_vmi && i < theirs->n && st->conditions.n < MIRRORED_MAX; i++) {
        bool is_own = false;
        for (size_t k = 0; k < ARRAY_LEN(own_conditions); k++) {
            is_own = is_own || str_eq(theirs->items[i].type, own_conditions[k]);
        }
        if (!is_own) {
            condition_set(v->arena, &st->conditions, &v->vm.status.conditions, &theirs->items[i], v->now_s);
        }
    }
}

static bool
is_on_its_way(const struct vm_view *v, const struct plan *p, const struct vm_status *st, bool wants_up)
{
    return plan_has(p, VERB_CREATE, &vmi_kind) || plan_has(p, VERB_DELETE, &vmi_kind) || (v->has_vmi && v->vmi_going) ||
           (wants_up && !condition_is(&st->conditions, "Ready", "True") &&
            !condition_is(&st->conditions, "Paused", "True"));
}

/* kstatus: Reconciling while there is a way to go, Stalled when only somebody else can help, never both (rules K2, K3). */
static void
set_progress(const struct vm_view *v, const struct plan *p, struct vm_status *st)
{
    const struct condition *stalled = v->has_vmi ? condition_find(&v->vmi.status.conditions, "Stalled") : NULL;
    struct condition wish = {.status = "True"};
    bool has_ended = v->strategy == RUN_RERUN_ON_FAILURE && !v->has_vmi && str_eq(st->last_run_phase, "Succeeded") &&
                     !plan_has(p, VERB_CREATE, &vmi_kind);
    bool wants_up = vm_is_counting(v->strategy) && !has_ended && !(v->has_vmi && vmi_is_final(&v->vmi));

    if (v->has_vmi && !v->vmi_is_ours && vm_adopt_bar(v)) {
        wish.type = "Stalled";
        wish.reason = "ForeignInstance";
        wish.message = vm_adopt_bar(v);
    } else if (v->invalid) {
        wish.type = "Stalled";
        wish.reason = "InvalidSpec";
        wish.message = v->invalid;
    } else if (vm_is_refused(v) && !plan_has(p, VERB_DELETE, &vmi_kind)) {
        wish.type = "Stalled";
        wish.reason = REASON_INVALID_SPEC;
        wish.message =
            arena_printf(v->arena, "no guest of this spec can run: %s; change the template, and it is tried at once",
                         condition_find(&st->conditions, "Ready")->message);
    } else if (v->last_error && v->error_lasts) {
        wish.type = "Stalled";
        wish.reason = "FailedCreate";
        wish.message = v->last_error;
    } else if (stalled && str_eq(stalled->status, "True") && !v->vmi_going && !plan_has(p, VERB_DELETE, &vmi_kind)) {
        wish.type = "Stalled";
        wish.reason = stalled->reason;
        wish.message = stalled->message;
    } else if (wants_up && vm_data_volumes_bar(v)) {
        wish.type = "Stalled";
        wish.reason = vm_data_volumes_word(v);
        wish.message = vm_data_volumes_bar(v);
    } else if (st->start_failure && st->start_failure->consecutive_fail_count.v >= FAIL_STALLED && !v->has_vmi) {
        wish.type = "Stalled";
        wish.reason = "CrashLoopBackOff";
        wish.message = st->bridge && st->bridge->last_failure ? st->bridge->last_failure->message
                                                              : "the guest fails to start again and again";
    } else if (is_on_its_way(v, p, st, wants_up)) {
        wish.type = "Reconciling";
        wish.reason = vm_printable(v, p, st);
        wish.message = next_step(v, p);
    } else {
        return;
    }
    condition_set(v->arena, &st->conditions, &v->vm.status.conditions, &wish, v->now_s);
}

/* Whoever may write status may write any number. */
static int64_t
count_next(const struct start_failure *old)
{
    int64_t n = old ? old->consecutive_fail_count.v : 0;

    if (n < 0) {
        return 1;
    }
    return n < FAIL_COUNT_MAX ? n + 1 : FAIL_COUNT_MAX;
}

/* Counts runs that ended without ever reaching Running, once each (contract 2.5), and remembers the last failure. */
static void
set_failure(const struct vm_view *v, struct vm_status *st)
{
    const struct start_failure *old = v->was_asked ? NULL : v->vm.status.start_failure;
    bool was_running = v->has_vmi && vmi_has_run(&v->vmi);

    if (!vm_is_counting(v->strategy) || v->was_asked) {
        st->start_failure = NULL;
    }
    if (!v->has_vmi || !v->vmi_is_ours) {
        return;
    }
    if (was_running) {
        st->start_failure = NULL;
    }
    if (!str_eq(v->vmi.status.phase, "Failed")) {
        return;
    }
    char text[CLOCK_TIME_SIZE];
    if (!st->bridge || !st->bridge->last_failure || !str_eq(st->bridge->last_failure->vmi_uid, v->vmi.meta.uid)) {
        clock_format(v->now_s, text);
        struct vm_failure *f = ARENA_NEW(v->arena, struct vm_failure);
        const struct condition *ready = condition_find(&v->vmi.status.conditions, "Ready");
        *f = (struct vm_failure){.reason = v->vmi.status.reason ? v->vmi.status.reason : "Failed",
                                 .message = ready ? ready->message : "the virtual machine instance failed",
                                 .time = arena_strdup(v->arena, text),
                                 .vmi_uid = v->vmi.meta.uid};
        struct vm_bridge *bridge = ARENA_NEW(v->arena, struct vm_bridge);
        bridge->last_failure = f;
        st->bridge = bridge;
    }
    if (was_running || vm_is_refused(v) || !vm_is_counting(v->strategy) ||
        (old && str_eq(old->last_failed_vmi_uid, v->vmi.meta.uid))) {
        return;
    }
    int64_t n = count_next(old);
    int64_t delay_s = n > 5 ? FAIL_MAX_S : FAIL_BASE_S * n * n;
    delay_s += (int64_t)(v->rnd % (uint64_t)(delay_s / 2 + 1));
    delay_s = delay_s > FAIL_MAX_S ? FAIL_MAX_S : delay_s;
    clock_format(v->now_s + delay_s, text);
    st->start_failure = ARENA_NEW(v->arena, struct start_failure);
    *st->start_failure = (struct start_failure){.consecutive_fail_count = {.set = true, .v = n},
                                                .last_failed_vmi_uid = v->vmi.meta.uid,
                                                .retry_after = arena_strdup(v->arena, text)};
}

static void
set_run(const struct vm_view *v, const struct plan *p, struct vm_status *st)
{
    if (plan_has(p, VERB_CREATE, &vmi_kind)) {
        st->run_strategy = v->strategy;
        st->last_run_phase = NULL;
    } else if (vm_starts_anew(v)) {
        st->last_run_phase = "Failed"; /* else RerunOnFailure would take it for a good end */
    } else if (v->has_vmi && v->vmi_is_ours && vmi_is_final(&v->vmi)) {
        st->last_run_phase = v->vmi.status.phase;
    } else if (v->has_vmi && v->vmi_is_ours) {
        st->run_strategy = v->strategy; /* the run at hand counts as one of the new strategy */
    } else if (v->strategy == RUN_HALTED) {
        st->last_run_phase = NULL;
        st->run_strategy = v->vm.status.run_strategy == RUN_UNSET ? RUN_UNSET : RUN_HALTED;
    }
}

/* Nothing is promised that the trouble at hand prevents. */
static const char *
next_of_trouble(const struct vm_view *v)
{
    const struct condition *kept = keeper(v);

    if (kept && str_eq(kept->type, "PodScheduled")) {
        return "the guest starts as soon as a node has room for its launcher pod";
    }
    if (v->last_error ? v->error_lasts : str_eq(kept->type, "Stalled")) {
        return "nothing, until what condition Stalled names is mended; then the guest starts";
    }
    return v->last_error
               ? "the start is tried again; condition Failure says why it failed"
               : arena_printf(v->arena, "the guest starts as soon as what condition %s names is no more", kept->type);
}

static bool
is_unready(const struct vm_view *v)
{
    return v->has_vmi && str_eq(v->vmi.status.phase, "Running") &&
           !condition_is(&v->vmi.status.conditions, "Ready", "True") &&
           !condition_is(&v->vmi.status.conditions, "Paused", "True");
}

/* NULL: nobody has stopped it beside its spec. */
static const char *
next_of_power(const struct vm_view *v)
{
    if (v->has_vmi || !v->power || !str_eq(v->power->wanted, POWER_STOPPED) || v->spec_strategy == RUN_HALTED) {
        return NULL;
    }
    return arena_printf(v->arena, "nothing: %s stopped the machine at %s; a start, or another run strategy, ends that",
                        str_empty(v->power->by) ? "somebody" : v->power->by, v->power->time);
}

static bool
is_cleared(const struct vm_view *v, const struct plan *p)
{
    return v->has_vmi && vmi_is_final(&v->vmi) && (v->vmi_going || plan_has(p, VERB_DELETE, &vmi_kind));
}

/* What happens next, for people (promise 4). */
static const char *
next_step(const struct vm_view *v, const struct plan *p)
{
    const struct start_failure *f = v->vm.status.start_failure;
    int64_t s;

    if (is_cleared(v, p)) {
        return v->strategy == RUN_ALWAYS ? "the finished instance is removed, then a new one is started"
                                         : "the finished instance is removed";
    }
    if (v->has_vmi && !v->vmi_is_ours && vm_adopt_bar(v)) {
        return "nothing, until the instance of that name is gone or this machine's";
    }
    if (vm_starts_anew(v)) {
        return "the instance that could not start is removed, then one of the changed template is started";
    }
    if (plan_has(p, VERB_DELETE, &vmi_kind) || (v->has_vmi && v->vmi_going)) {
        return "the guest is asked to shut down; when its grace period is over it is switched off";
    }
    if (v->invalid || vm_is_refused(v)) {
        return "nothing, until the spec is changed";
    }
    if (!v->has_vmi && vm_is_counting(v->strategy) && f && vm_start_waits(v, &s)) {
        return arena_printf(v->arena, "the next start is tried at %s", f->retry_after);
    }
    if (next_of_power(v)) {
        return next_of_power(v);
    }
    if (vm_data_volumes_next(v, vm_is_counting(v->strategy))) {
        return vm_data_volumes_next(v, vm_is_counting(v->strategy));
    }
    if (is_unready(v)) {
        return "the guest runs; it is waited for until it is ready";
    }
    if (v->last_error || keeper(v)) {
        return next_of_trouble(v);
    }
    bool is_starting = v->has_vmi && !vmi_is_final(&v->vmi) && !str_eq(v->vmi.status.phase, "Running");
    if (is_starting ||
        plan_has(p, VERB_CREATE, &vmi_kind)) { /* one text for both: the step between them is not worth a write */
        return "the launcher pod is scheduled and the guest starts";
    }
    return NULL;
}
