// What the last starts came to.
#include "reconcile/vm/vm_start.h"

#include "base/clock.h"
#include "reconcile/vmi/vmi_phase.h"

bool
vm_start_waits(const struct vm_view *v, int64_t *ret_s)
{
    const struct start_failure *f = v->vm.status.start_failure;
    int64_t after_s;

    if (v->was_asked || !f || !f->retry_after || !clock_parse(f->retry_after, &after_s) || after_s <= v->now_s) {
        return false;
    }
    *ret_s = after_s - v->now_s;
    return true;
}

/* Nothing is lost with it: its guest has never run. Under Manual a start is somebody else's wish. */
bool
vm_starts_anew(const struct vm_view *v)
{
    bool is_wanted = v->strategy == RUN_ALWAYS || v->strategy == RUN_RERUN_ON_FAILURE || v->strategy == RUN_ONCE;

    return v->has_vmi && v->vmi_is_ours && !v->vmi_going && is_wanted && v->vmi_differs && !v->invalid &&
           !vmi_is_final(&v->vmi) && !vmi_has_run(&v->vmi) && condition_is(&v->vmi.status.conditions, "Stalled", "True");
}

bool
vm_is_refused(const struct vm_view *v)
{
    return v->has_vmi && v->vmi_is_ours && !v->vmi_going && str_eq(v->vmi.status.phase, "Failed") &&
           str_eq(v->vmi.status.reason, REASON_INVALID_SPEC) && !v->vmi_differs;
}
