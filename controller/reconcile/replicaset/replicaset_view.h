// A set, the instances that are its own, and those that nobody controls and that it selects. Borrows; all memory is the sync's arena.
#ifndef VMB_REPLICASET_VIEW_H
#define VMB_REPLICASET_VIEW_H

#include "api/kinds/replicaset.h"
#include "cache/store.h"

enum {
    REPLICAS_AT_ONCE = 50, /* made or deleted by one plan: between plans the status says how far it is */
    REPLICA_FAILED_WAIT_S =
        60 /* one that failed before it ran keeps its place so long: the next one will likely fail too */
};

struct replica {
    struct meta meta; /* namespace, name, UID, time of creation */
    bool is_ours;     /* controlled by the set; else by nobody */
    bool is_selected; /* its labels are; of one that cannot be read too */
    bool is_going;    /* being deleted, or its deletion was answered */
    bool is_final;    /* Succeeded or Failed */
    bool is_ready;
    bool is_waiting;    /* failed before it ran, and keeps its place for a while */
    int64_t waits_s;    /* how much longer such a one may */
    const char *failed; /* why, or NULL */
};

struct replicaset_view {
    struct arena *arena;
    int64_t now_s;           /* wall clock */
    const struct kind *kind; /* of sets; set by who plans, with what follows the names */
    struct replicaset set;
    bool is_header;   /* only its header is of use (reconcile/header_view.h): 'invalid' says why, the spec is empty */
    bool status_lost; /* there may be a status that is not known: it is written as a whole */
    const char *invalid; /* why no instance can be made of it, with field and way out; NULL: they can */
    size_t n_wanted;
    struct replica *replicas;
    size_t n;
    size_t n_active; /* the set's own that are neither going nor final */
    size_t n_ready;  /* of those */
    size_t n_waiting;
    const struct replica *waiting; /* the one that waits shortest, or NULL */
    const char **free_names;       /* of instances that are missing, REPLICAS_AT_ONCE at most: nobody bears them */
    size_t n_free_names;
    const char *last_error; /* why the last action for this set failed, or NULL */
    bool error_lasts;       /* of last_error: until somebody mends it */
    bool hold;              /* the failure is new: the status tells it before the next try */
};

void replicaset_view_make(struct arena *a, const struct store *vmis, const struct object *set, int64_t now_s,
                          struct replicaset_view *ret_view);

/* Whether it counts for the set. */
bool replica_is_active(const struct replica *r);

#endif
