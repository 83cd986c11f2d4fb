// The configuration object as its sync reads it. Borrows; all memory is the sync's arena.
#ifndef VMB_KUBEVIRT_VIEW_H
#define VMB_KUBEVIRT_VIEW_H

#include "api/kinds/kubevirt.h"
#include "cache/store.h"

/* Decodes the object. Errors: ERR_INVALID. */
MUST_CHECK struct err *kubevirt_view_make(struct arena *a, const struct object *object, struct kubevirt *ret_kubevirt);

#endif
