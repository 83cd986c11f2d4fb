// What keeps an instance from starting, in the order in which a user can act on it. Pure.
#ifndef VMB_VMI_TROUBLE_H
#define VMB_VMI_TROUBLE_H

#include "reconcile/vmi/vmi_view.h"

/* Trouble that keeps the instance from starting: reason of Synchronized=False, and a sentence. */
struct vmi_trouble {
    const char *reason; /* NULL: none */
    const char *message;
    bool stalled; /* nobody but the user can mend it */
};

struct vmi_trouble vmi_trouble_of(const struct vmi_view *v);

#endif
