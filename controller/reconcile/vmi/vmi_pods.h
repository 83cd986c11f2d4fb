// What rules ask of and do to the launcher pods that an instance has: one, and a second while its guest is moved. Views are a struct vmi_view. Pure.
#ifndef VMB_VMI_PODS_H
#define VMB_VMI_PODS_H

#include "reconcile/plan.h"
#include "reconcile/vmi/vmi_view.h"

/* A container of one may run. */
bool pods_are_alive(const struct vmi_view *v);
/* Somebody took the label off one. */
bool pods_are_hidden(const void *view);
/* One has other CAs of the gateway than there are now. */
bool pods_have_old_ca(const void *view);

/* Deletes all that live. What is not seen is asked for first: the status forgets it with this plan. */
void pods_plan_end(const void *view, struct plan *p);
/* Deletes those besides the active one. */
void pods_plan_end_others(const void *view, struct plan *p);
/* Asks for those that are not seen: what comes after it in the plan, and the status, waits until they are gone. */
void pods_plan_seek(const void *view, struct plan *p);
void pods_plan_labels(const void *view, struct plan *p);
void pods_plan_ca(const void *view, struct plan *p);

#endif
