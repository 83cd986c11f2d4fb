// A small world of API objects in caches, for tests of the pure steps: plans are made from it and applied to it.
#ifndef VMB_TEST_WORLD_H
#define VMB_TEST_WORLD_H

#include "reconcile/datavolume/data_volume_kind.h"
#include "reconcile/kinds.h"
#include "reconcile/kubevirt/kubevirt_kind.h"
#include "reconcile/node/asking_kind.h"
#include "reconcile/node/node_kind.h"
#include "reconcile/plan.h"
#include "reconcile/pod/pod_kind.h"
#include "reconcile/pvc/pvc_kind.h"
#include "reconcile/service/service_kind.h"
#include "reconcile/vm/vm_kind.h"
#include "reconcile/vmi/vmi_kind.h"

struct world {
    struct caches *caches;
    struct sources src;
    struct launchers *launchers;
    struct foreign *foreign;
    struct config config;
    int64_t now_s;
    size_t n_waiting; /* other objects in the queue */
    unsigned version; /* next resourceVersion */
};

/* What a sync may read of it; borrowed. */
struct sources world_sources(const struct world *w);

void world_init(struct world *w);
void world_fini(struct world *w);

/* Puts an object of kind "VirtualMachine", "Pod" ...; fills in namespace, UID, version, generation when absent. */
void world_put(struct world *w, const json_t *object);

/* Plans for a queue key ("vm/default/a"); false when its object is gone. The caller owns the arena that holds the plan. */
bool world_plan(struct world *w, const char *key, struct arena *arena, struct plan *ret_plan);

/* Does what an API server and a garbage collector would do with the plan. */
void world_apply(struct world *w, const char *key, const struct plan *p);

/* Plans and applies for every object of a kind with rules until nothing is to be done; number of rounds, at most 'max'. */
unsigned world_settle(struct world *w, unsigned max);

struct informer *world_informer(const struct world *w, const struct kind *kind);
const struct store *world_store(const struct world *w, const struct kind *kind);

#endif
