// What Hyper-V's interfaces need of each other. Pure.
#ifndef VMB_HYPERV_H
#define VMB_HYPERV_H

#include "api/kinds/vmi.h"

/* Two keys under features.hyperv: the first is on and needs the second, which is off. */
struct hyperv_conflict {
    const char *what; /* NULL: there is none */
    const char *needed;
};

/* Switches on what others that are on need and nobody speaks of. What was switched off stays off and is a conflict. */
void hyperv_complete(struct hyperv *h, struct hyperv_conflict *ret_conflict);

#endif
