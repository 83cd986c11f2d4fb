// The DataVolumes of a machine: of its templates, which it makes, and of its volumes. Nothing starts before those of templates are filled.
#ifndef VMB_VM_DATA_VOLUMES_H
#define VMB_VM_DATA_VOLUMES_H

#include "reconcile/vm/vm_view.h"

struct plan;

/* Of a view whose spec is decoded. */
void vm_data_volumes_gather(struct vm_view *v, const struct store *data_volumes);

/* Whether one of a template is not there, and could be made. */
bool vm_data_volumes_lack(const struct vm_view *v);
void vm_data_volumes_plan(const struct vm_view *v, struct plan *p);

/* The first one of a template that a start waits for, or NULL. */
const struct data_volume_view *vm_data_volumes_awaited(const struct vm_view *v);

/* Why none of them will be filled before somebody helps; NULL: they are on their way, or there are none that a start waits for. */
const char *vm_data_volumes_bar(const struct vm_view *v);

/* What happens next while one is awaited, or NULL; 'starts': the guest starts then. */
const char *vm_data_volumes_next(const struct vm_view *v, bool starts);

/* What printableStatus says of them while the guest does not run (contract 2.4), or NULL. */
const char *vm_data_volumes_word(const struct vm_view *v);

#endif
