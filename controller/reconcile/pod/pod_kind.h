// Pod as the controller knows it.
#ifndef VMB_POD_KIND_H
#define VMB_POD_KIND_H

#include "cache/kind.h"

extern const struct kind pod_kind;

/* The name of the instance that a launcher pod is of, or what is left of a long one: its own name tells it, which cannot be changed. Of
 * pods that versions without a key named the owner does. False: nobody. */
bool pod_tells(const struct object *pod, char *ret_name);

#endif
