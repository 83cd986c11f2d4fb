// What a kind of object is to the controller: where it lies in the API, what of it is kept, how it is found, how it is reconciled.
// Each kind is one constant in its own folder under reconcile/; reconcile/kinds.c lists them and the arrows between them, and nothing
// else does: the caches, the queue and the effects know descriptions, no kind.
#ifndef VMB_KIND_H
#define VMB_KIND_H

#include "base/json.h"
#include "cache/room.h"

struct caches;
struct object;
struct plan;
struct plan_target;
struct rules;
struct sources;
struct sync;

/* Calls back for each word that an object is found by: "claim" or, with 'more', "key=value". */
typedef void kind_word_fn(void *arg, const char *word, const char *more);

/* What is kept of an object (cache/transform.h); paths end with NULL, and what stands at the end of a path is kept whole. */
struct kind_kept {
    const char *const *paths;
    const char *const *header_paths; /* of an object that is too large */
    const char *const *annotations;  /* the only ones, ended by NULL; NULL: all but what kubectl notes */
    const char *const *labels;       /* the same of labels; all are read of what comes */
    const char *header_label;        /* the one label that a header keeps, or NULL */
    const char *finalizer;           /* ours: its places are kept, and of others nothing; NULL: none is read */
    bool owns_status;                /* we write the status: a header keeps it, or says that it was lost */
};

struct kind {
    const char *name;        /* "vmi": in keys of the queue, logs, metrics */
    const char *api_version; /* "kubevirt.io/v1" */
    const char *kind;        /* "VirtualMachineInstance" */
    const char *path;        /* "/apis/kubevirt.io/v1" */
    const char *resource;    /* "virtualmachineinstances" */

    bool is_cluster_scoped; /* its objects have no namespace: keys are "/name" */

    /* The watch. */
    const char *label;       /* only objects with this label, */
    const char *label_value; /* of this value, are watched; NULL: all */
    bool in_own_namespace;   /* objects of it in the controller's own namespace are watched, and no others */
    bool is_early;           /* watched before the others: what is decided with it waits for none of them */
    bool is_optional;        /* of another product: where the API server does not serve it, there are none of it */
    bool is_config;          /* an object of it is the controller's own configuration */
    /* Whether an object that left the watch is gone from the API server too, and has not only lost the label. */
    bool (*has_ended)(const json_t *object);

    /* The cache. */
    struct kind_kept kept;
    enum room_part room;
    bool tells_both; /* a change matters to those that the object was about before it, too */
    /* What it is about, which the caller frees: store_each_about() finds it by that. NULL: nothing. */
    char *(*subject)(const struct object *object, const json_t *json);
    void (*words)(const json_t *json, kind_word_fn *word, void *arg); /* store_each_hinted() */

    /* Reconciling: view, then plan. NULL: objects of the kind are only read. Errors: ERR_INVALID. */
    struct err *(*sync)(struct sync *s, const struct object *object, struct plan *ret_plan);
    const struct rules *rules; /* what sync decides by (reconcile/rules.h), or NULL */
    uint64_t (*fingerprint)(const struct sources *src,
                            const struct object *object); /* reconcile/fingerprint.h, or NULL */
    bool (*has_begun)(const struct caches *caches,
                      const struct object *object); /* what follows from it is there; or NULL */
    bool is_begun_late; /* a change of it may begin something: it waits until what is under way is done */
    /* So long a sync waits after a change of another object, for more of them: of a kind whose sync reads many. 0: it does not. */
    int64_t batch_ms;

    /* What our own calls for an object of the kind came to. NULL: nothing special. */
    struct err *(*refused)(const struct err *err, const json_t *answer,
                           bool is_of_template); /* in the words of the spec */
    void (*created)(const struct sources *src, const struct plan_target *owner, const json_t *object);
    /* 'events' NULL: they could not be read. True: they say something new. */
    bool (*events_read)(const struct sources *src, const struct plan_target *owner, const json_t *events, int64_t now_s);
};

#endif
