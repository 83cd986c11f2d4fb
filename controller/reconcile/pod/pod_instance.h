// The annotation by which a launcher knows what to run (api/kinds/instance.h). Pure.
#ifndef VMB_POD_INSTANCE_H
#define VMB_POD_INSTANCE_H

#include "reconcile/vmi/vmi_view.h"

/* JSON, of the view's arena. The view is valid and its claims exist. */
const char *pod_instance(const struct vmi_view *v);

#endif
