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
    const json_t *data_volume_templates; /* rendered into DataVolumes as they are */
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

/* A start or a stop that was asked for, in the order of asking; the first one acts. */
struct state_change {
    const char *action;  /* CHANGE_START or CHANGE_STOP */
    struct str_map data; /* keys of CHANGE_DATA_*; others are left alone */
    const char *uid;     /* of a stop: the instance that is meant */
};

#define CHANGE_START "Start"
#define CHANGE_STOP "Stop"
#define CHANGE_DATA_PAUSED "paused"   /* of a start, "true": the guest begins paused */
#define CHANGE_DATA_ANY "any"         /* of a stop, "true": whatever instance there is */
#define CHANGE_DATA_BY "by"           /* who asked */
#define CHANGE_DATA_REQUEST "request" /* which asking it was */

struct state_change_list {
    struct state_change *items;
    size_t n;
};

/* What a person's start or stop made of the run strategy, for as long as the spec states the same one. */
struct vm_power {
    const char *wanted;         /* POWER_RUNNING or POWER_STOPPED */
    enum run_strategy strategy; /* of the spec, then */
    const char *by;
    const char *time;
    const char *request; /* CHANGE_DATA_REQUEST */
};

#define POWER_RUNNING "Running"
#define POWER_STOPPED "Stopped"

/* A field of the template that the running instance does not have. */
struct pending_change {
    const char *path;         /* from the object on: "spec.template.spec.domain.cpu.cores" */
    const char *current;      /* compact JSON, shortened; NULL: absent, or not shown */
    const char *desired;      /* the same */
    const char *takes_effect; /* change_class_name */
};

struct pending_change_list {
    struct pending_change *items;
    size_t n;
};

struct vm_bridge {
    const char *next;                /* what happens next, a sentence; NULL: nothing is to happen */
    struct vm_failure *last_failure; /* the last run that failed */
    struct vm_power *power;
    struct repair_list repairs;
    struct pending_change_list pending; /* PENDING_CHANGES_MAX at most */
};

enum { PENDING_CHANGES_MAX = 16 };

struct vm_status {
    enum tri created;
    enum tri ready;
    const char *printable_status;
    enum run_strategy run_strategy;
    struct opt_int observed_generation;
    struct opt_int desired_generation;
    struct condition_list conditions;
    struct start_failure *start_failure;
    struct state_change_list state_changes;
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
