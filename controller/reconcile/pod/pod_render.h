// The launcher pod of an instance (contract 2.8, design.md 3.5): Pod Security level restricted, everything the guest needs inside. Pure.
#ifndef VMB_POD_RENDER_H
#define VMB_POD_RENDER_H

#include "reconcile/vmi/vmi_view.h"

/* The Pod object; of the view's arena. The view is valid, its claims exist, and the pins of the gateway's CAs are there. */
const json_t *pod_render(const struct vmi_view *v);

#endif
