// VirtualMachine, kubevirt.io/v1.
#ifndef VMB_VM_H
#define VMB_VM_H

#include "api/kinds/vmi.h"

enum run_strategy {
    RUN_UNSET, /* neither runStrategy nor running: Halted */
    RUN_ALWAYS,
    RUN_HALTED,
    RUN_MANUAL,
    RUN_RERUN_ON_FAILURE,
    RUN_ONCE,
    RUN_WAIT_AS_RECEIVER,
};

struct vm_template {
    struct str_map labels;
    struct str_map annotations;
    struct vmi_spec spec;
    const json_t *spec_json; /* as the user wrote it: goes into the VMI unchanged */
};

struct vm_spec {
    const json_t *json; /* as the user wrote it, also what has no member here; NULL when made by hand */
    enum tri running;
    enum run_strategy run_strategy;
    struct vm_template template;
};

struct start_failure {
    struct opt_int consecutive_fail_count;
    const char *last_failed_vmi_uid;
    const char *retry_after; /* retryAfterTimestamp */
};

/* status.bridge of a VM. */
struct vm_failure {
    const char *reason;
    const char *message;
    const char *time;
    const char *vmi_uid;
};

struct vm_bridge {
    const char *next;                /* what happens next, a sentence; NULL: nothing is to happen */
    struct vm_failure *last_failure; /* the last run that failed */
    struct repair_list repairs;
};

struct vm_status {
    enum tri created;
    enum tri ready;
    const char *printable_status;
    enum run_strategy run_strategy;
    struct opt_int observed_generation;
    struct opt_int desired_generation;
    struct condition_list conditions;
    struct start_failure *start_failure;
    const json_t *state_change_requests; /* read only here */
    const char *last_run_phase; /* bridge.lastRunPhase: how the last VMI ended, "Succeeded" or "Failed"; RerunOnFailure
                                            needs it while there is no VMI */
    struct vm_bridge *bridge;
};

struct vm {
    struct meta meta;
    struct vm_spec spec;
    struct vm_status status;
};

extern const struct type vm_type;
extern const struct type vm_template_type;
extern const struct type vm_header_type; /* struct vm: its status alone */
extern const struct enum_value run_strategy_names[];

/* The strategy that counts: 'running' translated, unset is Halted. */
enum run_strategy vm_run_strategy(const struct vm_spec *s);

#endif
