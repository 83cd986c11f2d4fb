// An object of which no more than its header is of use: it is too large, or its spec cannot be read. What is to be told, stopped and
// deleted needs no more than that. Pure.
#ifndef VMB_HEADER_VIEW_H
#define VMB_HEADER_VIEW_H

#include "api/kinds/vm.h"
#include "cache/store.h"

/* Metadata of an object, from its JSON (NULL: there is none) and its entry in the cache: of labels and finalizers what the cache keeps.
 * Nothing in it is required, what is no text or time is absent. */
struct meta header_meta(struct arena *a, const struct object *o, const json_t *j);

/* The strategy that a VirtualMachine states; RUN_MANUAL, which neither starts nor stops anything, when it states none that is known. */
enum run_strategy header_strategy(const json_t *j);

/* Status fields that can be read; the others are absent. */
void header_vm(struct arena *a, const struct object *o, const json_t *j, struct vm *ret_vm);
void header_vmi(struct arena *a, const struct object *o, const json_t *j, struct vmi *ret_vmi);

/* The sentence for the user: why the object is not used. 'e' is what its decoder said, or NULL. */
const char *header_why(struct arena *a, const struct object *o, const struct err *e);

#endif
