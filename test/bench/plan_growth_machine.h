// Running machines in caches, as many as wanted: copies of two that vmbridge's own plans brought from their manifest to rest.
#ifndef VMB_PLAN_GROWTH_MACHINE_H
#define VMB_PLAN_GROWTH_MACHINE_H

#include "support/world.h"

enum { MACHINE_KEY_SIZE = 64, KINDS_MAX = 32 };

struct machines {
    const json_t *template; /* test/bench/plan_growth.yaml; borrowed */
    struct world w;
    char (*keys)[MACHINE_KEY_SIZE]; /* "namespace/name" of each */
    size_t n;
    size_t n_namespaces;
};

/* An empty world with room for 'n' machines. */
void machines_init(struct machines *m, const json_t *template, size_t n);
void machines_fini(struct machines *m);

/* Puts the objects of all machines, 'per_namespace' in each namespace; 0: all in one. */
void machines_fill(struct machines *m, size_t per_namespace);
/* Has the launcher of each connect, tell its state, and be told what is desired. */
void machines_dial_in(struct machines *m);
/* All go, as a list tells it that comes after a time without a watch. */
void machines_leave(struct machines *m);

/* A plan that would write or say something. */
bool plan_is_loud(const struct plan *p);

#endif
