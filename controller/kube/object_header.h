// What is kept of an object that cannot be kept whole: enough to know which one it is, whose it is, and to stop and delete it. No I/O.
#ifndef VMB_OBJECT_HEADER_H
#define VMB_OBJECT_HEADER_H

#include "base/json.h"

/* Paths of a header in an object, and of the least that one needs: no list among them. */
extern const char *const object_header_paths[];
extern const char *const object_core_paths[];

/* A header of 'object' that the caller owns, in which every value is bounded: apiVersion and kind, of metadata the name, namespace, uid,
 * resourceVersion, generation, the times, the grace period, the owner that is the controller and the finalizers, of spec runStrategy and
 * running. A value that is longer or of another type than the API server allows is left out; finalizers are all of them or none.
 * NULL: it has no name, uid or resourceVersion. */
MUST_CHECK json_t *object_header(const json_t *object);

#endif
