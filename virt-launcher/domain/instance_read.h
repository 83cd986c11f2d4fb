// The text of instance.json, which the author of a VMI wrote most of, as an instance. Pure.
#ifndef VMB_INSTANCE_READ_H
#define VMB_INSTANCE_READ_H

#include "api/kinds/instance.h"

enum { INSTANCE_MAX = 1024 * 1024 };

/* All memory is the arena's. Errors: ERR_INVALID naming the field. */
MUST_CHECK struct err *instance_read(const char *text, size_t len, struct arena *a, struct instance *ret_instance);

#endif
