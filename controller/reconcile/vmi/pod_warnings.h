// What only events tell of a launcher pod that does not start: a Secret or a ConfigMap that its volumes name is not there. Pure.
#ifndef VMB_POD_WARNINGS_H
#define VMB_POD_WARNINGS_H

#include "reconcile/vmi/vmi_view.h"

/* Whether the pod may wait for something that is told in no other way. */
bool pod_warnings_matter(const struct vmi_view *v);

/* Seconds until the events of the pod are to be read (once more); 0: now. */
int64_t pod_warnings_due_s(const struct vmi_view *v);

struct pod_missing {
    const char *reason; /* of a condition */
    const char *message;
};

/* A sentence that names what is not there, and the field that names it; no message: nothing is missing. Whoever may write events of the
 * namespace may forge one: no byte of it is told. */
struct pod_missing pod_warnings_missing(const struct vmi_view *v);

#endif
