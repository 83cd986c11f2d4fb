// PersistentVolumeClaim as the controller knows it.
#ifndef VMB_PVC_KIND_H
#define VMB_PVC_KIND_H

#include "cache/kind.h"

extern const struct kind pvc_kind;

/* Of a claim of state: the name of its instance, or what is left of a long one. False: any other claim. */
bool pvc_tells(const struct object *pvc, char *ret_name);

#endif
