// Makes the files behind a guest's disks and finds out what domain_view must know of them. What exists is never made anew, so a
// restarted manager may ask again.
#ifndef VMB_DISKS_H
#define VMB_DISKS_H

#include <uv.h>

#include "domain/domain_view.h"
#include "domain/parts/disk.h"
#include "domain/paths.h"

struct disks_result {
    struct err *error;              /* the callee's; ERR_INVALID names the volume, ERR_RETRY is trouble in the pod */
    const struct disk_facts *facts; /* the arena's */
    size_t n_facts;
};

/* Looks after each volume that a disk uses, in turn; 'done' is called once, from here or from the loop. Arguments are borrowed
 * until then. While this pod has started no guest, a claim's file that is for one guest and that another QEMU has is waited for, however
 * long that takes. Loop thread; blocks for small file operations only, before there is a guest. */
void disks_prepare(uv_loop_t *loop, const struct instance *i, const struct paths *p, struct arena *a,
                   void (*done)(void *arg, struct disks_result result), void *arg);

#endif
