// What keeps an instance from starting, in the order in which a user can act on it. Pure.
#ifndef VMB_VMI_TROUBLE_H
#define VMB_VMI_TROUBLE_H

#include "reconcile/vmi/vmi_view.h"

/* The one that is no failure: CDI is at work. Reason of DataVolumesReady=False, and not of Synchronized. */
#define REASON_DATA_VOLUMES "NotAllDVsReady"

/* Trouble that keeps the instance from starting: reason of Synchronized=False, and a sentence. */
struct vmi_trouble {
    const char *reason; /* NULL: none */
    const char *message;
    bool stalled; /* nobody but the user can mend it */
};

struct vmi_trouble vmi_trouble_of(const struct vmi_view *v);

/* What a DataVolume still has to come to, a sentence; NULL: all are ready, or there are none. Once a pod is made of them they are. */
const char *vmi_data_volumes_wait(const struct vmi_view *v);

#endif
