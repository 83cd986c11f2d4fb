// Which keys must be looked at again when an object changed. Does no I/O.
#ifndef VMB_RELATED_H
#define VMB_RELATED_H

#include "cache/store.h"

/* Calls 'emit' with each queue key ("vm/ns/name", "vmi/ns/name", "kubevirt/ns/name") that depends on 'object'; a key may come twice.
 * 'vmis' finds the instances that use a claim or that a Service may select. */
void related_keys(enum kind kind, const struct object *object, const struct store *vmis,
                  void (*emit)(void *arg, const char *key), void *arg);

/* "vmi/default/vm1" for a kind and a store key. The caller frees. */
MUST_CHECK char *related_key(enum kind kind, const char *store_key);
/* The kind of such a key. */
enum kind related_kind(const char *key);

#endif
