// The phase of an instance (contract 2.7), derived from what is observed; never from what was written last, save that it does not
// go back. Pure.
#ifndef VMB_VMI_PHASE_H
#define VMB_VMI_PHASE_H

#include "reconcile/vmi/vmi_view.h"

enum vmi_phase {
    PHASE_UNSET,
    PHASE_PENDING,
    PHASE_SCHEDULING,
    PHASE_SCHEDULED,
    PHASE_RUNNING,
    PHASE_SUCCEEDED,
    PHASE_FAILED
};

/* Why an instance has failed that no machine of this spec can run. */
#define REASON_INVALID_SPEC "InvalidSpec"

struct vmi_observed {
    enum vmi_phase phase;
    bool guest_up; /* the domain runs and is not paused */
    bool paused;
    const char *reason;  /* of the end, or of the pause: Crashed, GracePeriodExpired, PodDeleted, PausedByUser ... */
    const char *message; /* a sentence; never empty when the phase is final */
    bool is_held; /* the run is over and another of its launchers lives: that goes first, and the phase waits for it */
    const char *ended; /* shutdown, destroyed, crashed; NULL while it lives */
};

struct vmi_observed vmi_observe(const struct vmi_view *v);

const char *vmi_phase_name(enum vmi_phase p);
enum vmi_phase vmi_phase_parse(const char *name);
bool vmi_phase_is_final(enum vmi_phase p);

/* Why somebody takes the launcher pod away although the instance is wanted: an eviction, a node that is drained, a pod of higher priority. NULL:
 * nobody does, or does not say why. */
const char *vmi_disruption(const struct vmi_view *v);

/* The instance had a pod and has none now: its end, once the API server says that the pod is gone. */
bool vmi_pod_is_due(const struct vmi_view *v);

#endif
