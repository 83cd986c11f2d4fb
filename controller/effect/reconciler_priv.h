// Inside of the reconciler: its state, where its keys come from (effect/feed.c), and one pass (effect/pass.c).
#ifndef VMB_RECONCILER_PRIV_H
#define VMB_RECONCILER_PRIV_H

#include "cache/foreign.h"
#include "cache/queue.h"
#include "effect/reconciler.h"
#include "reconcile/config.h"

#include <uthash.h>

enum {
    PASS_ARENA_MAX = 4 * 1024 * 1024,
    CONFIG_ARENA_MAX = 256 * 1024,
    RUNS_MAX = 24, /* at once: a busy API server answers more of them no sooner, and each one later */
    CONFLICT_MS = 100,
    INVALID_MS = 30000,
    LARGE_NEWS = 50,      /* what a large object counts among news */
    GIVE_BACK_NEWS = 100, /* after so many memory goes back to the kernel, */
    GIVE_BACK_MS = 5000   /* so long later: it costs milliseconds */
};

struct source { /* one watch */
    struct reconciler *r;
    enum kind kind;
    struct watch *watch;
};

struct running { /* one plan being carried out */
    struct reconciler *r;
    char key[QUEUE_KEY_SIZE];
    const char *rule;
    int64_t requeue_ms;
    bool held; /* only told a failure */
    struct plan_run *run;
    struct running *prev;
    struct running *next;
};

struct key_error { /* why the last pass of a key failed: status tells it */
    char key[QUEUE_KEY_SIZE];
    char *text;
    bool hold;        /* the status has not told it yet */
    bool is_lasting;  /* ERR_INVALID: until somebody mends it */
    int64_t retry_ms; /* when the action is tried again */
    UT_hash_handle hh;
};

struct reconciler {
    struct kube *kube;
    struct reconciler_options options;
    struct source sources[N_KINDS];
    struct informer *informers[N_KINDS];
    struct room *room; /* of all informers */
    struct launchers *launchers;
    struct foreign *foreign;
    struct pod_key pod_key;
    bool has_pod_key;
    struct queue *queue;
    struct effects fx;
    struct running *runs;
    size_t n_running;
    uint64_t n_passes;
    size_t n_news; /* since memory was given back */
    struct key_error *errors;
    struct arena *config_arena;
    struct config config;
    char *config_text;       /* what views read of it */
    uint64_t config_version; /* grows when that changes */
    char *gateway_pins;
    char *ca_bundle;
    bool leads;
    uv_timer_t turn;
    uv_timer_t resync;
    uv_timer_t give_back;
    uv_timer_t refetch;
    struct refetch *refetches;
    size_t n_refetches;
    unsigned n_timers; /* whose close callback is still to come */
};

struct pass {
    struct reconciler *r;
    const char *key; /* "vmi/default/vm1" */
    struct arena *arena;
    int64_t now_s;
    uint32_t rnd;
    const char *why;  /* why no more than headers of the objects are looked at, or NULL */
    bool held;        /* out: actions that failed are left out of this plan, to tell the failure */
    int64_t retry_ms; /* out, when held */
    uint64_t basis;   /* out: of the view (reconcile/basis.h); 0: it counts for nothing */
    bool unchanged;   /* out: an earlier look on the same basis found nothing to do */
};

/* Makes the view of a key and plans. A key whose object is gone or unchanged has no rule: nothing is to be done. */
MUST_CHECK struct err *pass_plan(struct pass *p, struct plan_target *ret_target, struct plan *ret_plan);

/* Nothing was to be done, and time alone changes nothing: the next look on the same basis is spared. */
void pass_settle(struct pass *p, const struct plan_target *target);

/* Makes the caches and begins to watch; machines and instances come first, the other kinds when those are whole. */
void feed_start(struct reconciler *r);
/* Lists the pods anew. */
void feed_pods_again(struct reconciler *r);
/* Something was heard of the object that 'key' names: it is due, unless we do not lead or the caches it reads are not whole. */
void feed_key(struct reconciler *r, const char *key);
/* Everything is due once more. */
void feed_all(struct reconciler *r);
/* Counts what was heard: after a burst of it memory goes back to the kernel. */
void feed_news(struct reconciler *r, size_t n);

/* Some object has found no room (cache/room.h): it is asked for again as soon as there is some (effect/refetch.c). */
void refetch_wanted(struct reconciler *r);
void refetch_stop(struct reconciler *r);

/* Reads the configuration object anew. */
void reconciler_config(struct reconciler *r);
/* Arms the timer for the next key. */
void reconciler_wake(struct reconciler *r);

/* Remembers why a key failed. True when the text is new: the next pass only tells it. */
bool reconciler_error_set(struct reconciler *r, const char *key, const struct err *err, int64_t retry_ms);
void reconciler_error_clear(struct reconciler *r, const char *key);
struct key_error *reconciler_error(const struct reconciler *r, const char *key);
void reconciler_errors_clear(struct reconciler *r);

#endif
