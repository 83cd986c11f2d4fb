// What is answered to somebody who asks a machine to start, stop or restart, and what is written for it. Never the spec (docs/decisions/
// power-in-status.md). Pure.
#ifndef VMB_VM_ASK_H
#define VMB_VM_ASK_H

#include "api/kinds/vm.h"

enum vm_verb { VM_START, VM_STOP, VM_RESTART };

/* The machine as it is now, and its instance. */
struct vm_now {
    enum run_strategy spec_strategy;
    const struct vm_status *status;
    bool has_vmi;
    const char *vmi_uid;
    const char *vmi_phase;
    bool vmi_going; /* it is being deleted */
};

struct vm_ask {
    enum vm_verb verb;
    bool is_paused;         /* of a start */
    struct opt_int grace_s; /* how long the guest may take to shut down; not set: as its spec says */
    const char *by;         /* user's name */
    const char *request;    /* another one for each asking: known again when the answer to its write was lost */
};

struct vm_reply {
    unsigned code;       /* 202, 400, 409 */
    const char *refusal; /* a sentence, of the arena; NULL: it is taken */
    /* What status.stateChangeRequests becomes; NULL: it stays. Of the arena. */
    const json_t *changes;
    bool ends_failures; /* status.startFailure goes with it */
    bool is_hurried;    /* the instance's pods get no more than 'grace_s' */
};

void vm_ask_reply(struct arena *a, const struct vm_now *now, const struct vm_ask *ask, struct vm_reply *ret_reply);

#endif
