// printableStatus, row by row.
#include "reconcile/vm/vm_printable.h"

#include "reconcile/vm/vm_data_volumes.h"
#include "reconcile/vm/vm_start.h"
#include "reconcile/vmi/vmi_kind.h"

static const char *vmi_trouble(const struct vmi *vmi);
static const char *trouble_word(const struct vm_view *v);

bool
vm_is_counting(enum run_strategy s)
{
    return s == RUN_ALWAYS || s == RUN_RERUN_ON_FAILURE || s == RUN_ONCE;
}

static bool
is_failing(const struct vm_view *v, const struct vm_status *st)
{
    const struct start_failure *f = st->start_failure;

    return f && f->consecutive_fail_count.v > 0 && vm_is_counting(v->strategy) && !vm_is_refused(v) &&
           (!v->has_vmi || vmi_is_final(&v->vmi));
}

/* First true wins (contract 2.4). A failure that 'st' counts just now is told in the same write. */
const char *
vm_printable(const struct vm_view *v, const struct plan *p, const struct vm_status *st)
{
    const struct vmi *vmi = &v->vmi;
    bool is_live = v->has_vmi && !vmi_is_final(vmi);

    if (v->vm.meta.deletion_s != 0) {
        return "Terminating";
    }
    if (is_live && (v->vmi_going || plan_has(p, VERB_DELETE, &vmi_kind))) {
        return "Stopping";
    }
    if (is_live && str_eq(vmi->status.phase, "Running")) {
        return condition_is(&vmi->status.conditions, "Paused", "True") ? "Paused" : "Running";
    }
    const char *trouble = trouble_word(v);
    if (trouble) {
        return trouble;
    }
    if (is_live || plan_has(p, VERB_CREATE, &vmi_kind)) {
        return "Starting";
    }
    if (is_failing(v, st)) {
        return "CrashLoopBackOff";
    }
    return "Stopped";
}

static const char *
vmi_trouble(const struct vmi *vmi)
{
    const struct condition *sync = condition_find(&vmi->status.conditions, "Synchronized");
    const struct condition *scheduled = condition_find(&vmi->status.conditions, "PodScheduled");
    const char *reason = sync && str_eq(sync->status, "False") ? sync->reason : "";

    if (str_eq(reason, "FailedPvcNotFound")) {
        return "ErrorPvcNotFound";
    }
    if (scheduled && str_eq(scheduled->status, "False") && str_eq(scheduled->reason, "Unschedulable")) {
        return "ErrorUnschedulable";
    }
    if (str_eq(reason, "PVCNotReady")) {
        return "WaitingForVolumeBinding";
    }
    if (str_eq(reason, "ErrImagePull") || str_eq(reason, "ImagePullBackOff")) {
        return reason;
    }
    return NULL;
}

/* What is behind the disks comes before the pod, but for a claim that is not there at all. */
static const char *
trouble_word(const struct vm_view *v)
{
    const char *of_vmi = v->has_vmi && !vmi_is_final(&v->vmi) ? vmi_trouble(&v->vmi) : NULL;
    const char *of_data = vm_data_volumes_word(v);
    bool is_unscheduled = str_eq(of_vmi, "ErrorUnschedulable") && !str_eq(of_data, "DataVolumeError");

    return of_data && !str_eq(of_vmi, "ErrorPvcNotFound") && !is_unscheduled ? of_data : of_vmi;
}
