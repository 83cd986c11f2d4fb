// What a view is made of, as a number: the versions of all it reads. A look whose basis is that of an earlier one that found nothing to
// do finds nothing either, and need not be taken. PURE.
#ifndef VMB_BASIS_H
#define VMB_BASIS_H

#include "reconcile/vmi/vmi_view.h"

/* Of a VirtualMachine and its instance, which may be NULL. 'config_version' is another one after each change of the configuration.
 * Never 0. */
uint64_t basis_of_vm(const struct object *vm, const struct object *vmi, uint64_t config_version);

/* Of an instance: its pods, what its launcher said, claims, Services. Never 0. */
uint64_t basis_of_vmi(const struct object *vmi, const struct vmi_sources *src, uint64_t config_version);

#endif
