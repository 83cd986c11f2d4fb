// Pods with the launchers' label, as they come: which of them the controller can have made, and whose they are. Pure.
#ifndef VMB_LAUNCHER_PODS_H
#define VMB_LAUNCHER_PODS_H

#include "cache/arrows.h"
#include "reconcile/sources.h"

/* Struct kind_gate, for pods: what the controller cannot have made is only noted (cache/foreign.h), and its instance looked at. */
void launcher_pods_begin(const struct sources *src);
void launcher_pods_synced(const struct sources *src, arrow_emit_fn *emit, void *arg);
bool launcher_pods_admit(const struct sources *src, const json_t *pod, bool removed, arrow_emit_fn *emit, void *arg);

/* Which instance runs in a pod: its UID, borrowed until it changes, and it is known by name from now on; NULL: in none of ours. */
const char *launcher_pods_who(const struct sources *src, const char *namespace, const char *pod_name,
                              const char *pod_uid);

/* An object has changed: UIDs of the pods of which launcher_pods_who may say something else now, which the caller frees, and how many. */
MUST_CHECK size_t launcher_pods_changed(const struct sources *src, const struct kind *kind, const struct object *object,
                                        char *ret_pod_uids[LAUNCHERS_EACH_MAX]);
/* An object is gone, and with it what its launcher said. */
void launcher_pods_gone(const struct sources *src, const struct kind *kind, const struct object *object);

/* Key in the queue of the instance that a launcher is of. The caller frees. */
MUST_CHECK char *launcher_pods_key(const struct instance_launchers *l);

#endif
