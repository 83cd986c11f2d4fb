// Everything the sync of a VirtualMachineInstance may read, gathered from the caches. Borrows; all memory is the sync's arena.
#ifndef VMB_VMI_VIEW_H
#define VMB_VMI_VIEW_H

#include "api/kinds/vmi.h"
#include "reconcile/datavolume/data_volume_view.h"
#include "reconcile/sources.h"
#include "reconcile/vmi/launcher_view.h"

struct claim_view {
    const char *name;
    bool exists;
    bool bound;
    bool waits_for_consumer; /* unbound and without a volume: perhaps its class waits for the pod */
    bool is_block;
    bool is_state;          /* of the machine itself (reconcile/pvc/state_claim.h): made by us with the first pod */
    bool is_foreign;        /* a claim of state that somebody else owns */
    const char *owner_uid;  /* of its controlling owner, or "" */
    bool is_of_data_volume; /* one controls it, seen or not */
    const struct data_volume_view *data_volume; /* that makes and fills it; NULL: a volume names the claim itself */
    const char *why; /* only its header is known: it counts as not bound; NULL: all is known */
    struct pvc_info info;
};

struct claim_list {
    struct claim_view *items;
    size_t n;
};

/* A pod of which its name is known. */
struct pod_ref {
    const char *name;
    const char *uid; /* NULL: any */
};

struct pod_ref_list {
    struct pod_ref *items;
    size_t n;
};

struct vmi_observed;

struct vmi_view {
    struct arena *arena;
    const struct kind *kind;             /* of instances; set by who plans */
    const struct vmi_observed *observed; /* what follows from all this (reconcile/vmi/vmi_phase.h); set for the rules */
    const struct config *config;
    int64_t now_s;
    size_t n_waiting;        /* of the sources */
    struct vmi vmi;          /* spec with defaults filled in */
    const json_t *spec_json; /* spec as the user wrote it */
    bool going;              /* being deleted, or its deletion was answered */
    bool is_deleted;         /* the API server has deleted it already */
    bool has_template;       /* made from one: the object is ours to label, and its owner tells what is wrong with it */
    bool is_header;   /* only its header is of use (reconcile/header_view.h): 'invalid' says why, the spec is empty */
    bool status_lost; /* there may be a status that is not known: it is written as a whole */
    const char *invalid;                 /* why the spec cannot run; NULL: it can */
    struct launcher_view_list launchers; /* of this very instance (reconcile/vmi/pod_claim.h) */
    bool has_pod;                        /* one of them is active */
    const struct launcher_view *active;  /* the one whose word counts; without one an empty one, never NULL */
    const char *old_pod; /* name of a pod of an earlier instance of this name that still lives, or NULL */
    bool was_made;       /* a pod was made for it, as far as is known */
    struct pod_ref_list
        unseen; /* pods that were made for it, or may have been, are not seen, and of which nothing proves the end */
    struct foreign_told foreign; /* pods that claim to be its own */
    struct claim_list claims;
    struct port_list service_ports;
    const char *node_lack;  /* while the pod finds no node: what nodes lack (reconcile/vmi/nodes_view.h), or NULL */
    const char *warnings;   /* of the pod, from events (reconcile/vmi/pod_warnings.h); NULL: they were not read yet */
    int64_t warned_s;       /* when they were read */
    const char *last_error; /* why the last action for this instance failed, or NULL */
    bool error_lasts;       /* of last_error: until somebody mends it */
    bool hold;              /* the failure is new: the status tells it before the next try */
};

/* Of a VMI that cannot be decoded the header is taken. Errors: ERR_INVALID when its pod cannot be decoded. */
MUST_CHECK struct err *vmi_view_make(struct arena *a, const struct sources *src, const struct object *vmi,
                                     int64_t now_s, struct vmi_view *ret_view);

/* Whether 'pod' is the launcher pod of this very instance. Of 'src' launchers and configuration are read. */
bool vmi_view_owns(struct arena *a, const struct sources *src, const struct object *vmi, const struct object *pod);

/* Whether the instance's status has noted a pod of that UID. */
bool vmi_view_records(struct arena *a, const struct object *vmi, const char *pod_uid);

/* Name of the pod that the instance has or gets. */
const char *vmi_pod_name(const struct vmi_view *v);

const struct claim_view *claim_find(const struct claim_list *l, const char *name);
/* Its "storage" of 'resources', info.capacity or info.requests: without a text when it is not told. */
struct quantity claim_storage(const struct str_map *resources);
/* The claim of the machine's own state, or NULL when it keeps none. */
const struct claim_view *vmi_state_claim(const struct vmi_view *v);

#endif
