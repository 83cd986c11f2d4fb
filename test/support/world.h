// A small world of API objects in caches, for tests of the pure steps: plans are made from it and applied to it.
#ifndef VMB_TEST_WORLD_H
#define VMB_TEST_WORLD_H

#include "cache/foreign.h"
#include "cache/informer.h"
#include "cache/launchers.h"
#include "reconcile/config.h"
#include "reconcile/plan.h"

struct world {
    struct room *room;
    struct informer *informers[N_KINDS];
    struct launchers *launchers;
    struct foreign *foreign;
    struct config config;
    int64_t now_s;
    size_t n_waiting; /* other objects in the queue */
    unsigned version; /* next resourceVersion */
};

void world_init(struct world *w);
void world_fini(struct world *w);

/* Puts an object of kind "VirtualMachine", "Pod" ...; fills in namespace, UID, version, generation when absent. */
void world_put(struct world *w, const json_t *object);

/* Plans for a queue key ("vm/default/a"); false when its object is gone. The caller owns the arena that holds the plan. */
bool world_plan(struct world *w, const char *key, struct arena *arena, struct plan *ret_plan);

/* Does what an API server and a garbage collector would do with the plan. */
void world_apply(struct world *w, const char *key, const struct plan *p);

/* Plans and applies for every VM and VMI until nothing is to be done; number of rounds, at most 'max'. */
unsigned world_settle(struct world *w, unsigned max);

const struct store *world_store(const struct world *w, enum kind kind);

#endif
