// Everything the sync of a VirtualMachine may read, gathered from the caches. Borrows; all memory is the sync's arena.
#ifndef VMB_VM_VIEW_H
#define VMB_VM_VIEW_H

#include "api/kinds/vm.h"
#include "cache/store.h"
#include "reconcile/config.h"
#include "reconcile/datavolume/data_volume_view.h"

#define VM_GENERATION_ANNOTATION "kubevirt.io/vm-generation" /* of an instance that a machine made */

struct data_volume_list {
    struct data_volume_view *items; /* of the templates, in their order, then of volumes */
    size_t n;
    size_t n_made; /* of templates */
};

struct vm_view {
    struct arena *arena;
    const struct kind *kind; /* of machines; set by who plans */
    int64_t now_s;           /* wall clock */
    uint32_t rnd;
    struct vm vm;
    bool is_header;   /* only its header is of use (reconcile/header_view.h): 'invalid' says why, the spec is empty */
    bool status_lost; /* there may be a status that is not known: it is written as a whole */
    const char *invalid;        /* why the spec cannot run, with field and way out; NULL: it can */
    enum run_strategy strategy; /* that counts: the spec's, or what a person made of it (vm_power.h) */
    enum run_strategy spec_strategy;
    struct state_change_list changes;     /* that were asked for and are not done; the first one acts now */
    const struct vm_power *power;         /* as it is to be told; NULL: none */
    bool was_asked;                       /* a start or a stop acts or is just done: failures before it do not count */
    struct data_volume_list data_volumes; /* of a sound spec (vm_data_volumes.h) */
    bool has_vmi;
    struct vmi vmi;
    const json_t *vmi_spec; /* as it is in the API; NULL: it cannot be read */
    bool vmi_is_ours;       /* controlled by this VM */
    bool vmi_going;         /* being deleted, or its deletion was answered */
    bool vmi_differs;       /* its spec is not the template's */
    const json_t *live_spec; /* the instance's spec with what the template changes at once; NULL: it has all of it already */
    struct change_list pending; /* what of the template waits for the next start */
    const char *last_error;     /* why the last action for this VM failed, or NULL */
    bool error_lasts;           /* of last_error: until somebody mends it */
    bool hold;                  /* the failure is new: the status tells it before the next try */
};

/* Decodes 'vm' and the VMI of the same name; what people asked for is settled afterwards (vm_power.h). What cannot be decoded is no error: of it the header is taken. */
MUST_CHECK struct err *vm_view_make(struct arena *a, const struct object *vm, const struct object *vmi, int64_t now_s,
                                    uint32_t rnd, struct vm_view *ret_view);

bool vmi_has_run(const struct vmi *vmi); /* it was Running at some time */

bool vmi_is_final(const struct vmi *vmi); /* Succeeded or Failed */

#endif
