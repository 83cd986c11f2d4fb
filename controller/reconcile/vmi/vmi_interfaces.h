// status.interfaces[] of an instance: what is known of each card of its guest, and who says so. Pure.
#ifndef VMB_VMI_INTERFACES_H
#define VMB_VMI_INTERFACES_H

#include "reconcile/vmi/vmi_view.h"

/* One of each interface of the spec, in its order; of the view's arena. */
struct interface_status_list vmi_interfaces(const struct vmi_view *v);

#endif
