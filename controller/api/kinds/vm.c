// VirtualMachine: its tables and what its run strategy means.
#include "api/kinds/vm.h"

#include "api/kinds/tables.h"

const struct enum_value run_strategy_names[] = {
    {"Always", RUN_ALWAYS},
    {"Halted", RUN_HALTED},
    {"Manual", RUN_MANUAL},
    {"RerunOnFailure", RUN_RERUN_ON_FAILURE},
    {"Once", RUN_ONCE},
    {"WaitAsReceiver", RUN_WAIT_AS_RECEIVER},
    {NULL, 0},
};

static const struct field template_meta_fields[] = {
    FIELD_MAP(vm_template, labels, "labels", "Labels of the instance.", NULLABLE),
    FIELD_MAP(vm_template, annotations, "annotations", "Annotations of the instance.", NULLABLE),
    KEPT_META_FIELDS,
    FIELD_END,
};
static const struct type template_meta_type = TYPE(vm_template, template_meta_fields, .cel = instance_meta_rules);

static const struct field template_fields[] = {
    FIELD_PART(template_meta_type, "metadata", "Metadata of the instance.", NULLABLE),
    FIELD_STRUCT(vm_template, spec, vmi_spec, vmi_spec_type, "spec", "What is to run.", REQUIRED),
    FIELD_JSON(vm_template, spec_json, "spec", "The spec as it was written.", .shadow = true),
    FIELD_END,
};
const struct type vm_template_type = TYPE(vm_template, template_fields);

static const struct cel_rule vm_rules[] = {
    {"!(has(self.running) && has(self.runStrategy))",
     "Running and RunStrategy are mutually exclusive. Note that Running is deprecated, please use RunStrategy instead",
     NULL},
    {NULL, NULL, NULL},
};

/* Apart from the rules above: of each list of rules the first that does not hold is told. */
static const struct cel_rule machine_rules[] = {
    {"!has(self.instancetype) || " MEMORY_IS_SAID("self.template.spec.domain"),
     "instancetype is not supported by this version of vmbridge: write cpu and memory under template.spec.domain", NULL},
    {MEMORY_IS_SAID("self.template.spec.domain"), NO_MEMORY("template.spec.domain"), NULL},
    {NULL, NULL, NULL},
};

static const struct cel_rule strategy_rules[] = {
    {"self in ['Always', 'Halted', 'Manual', 'RerunOnFailure', 'Once']", "Invalid RunStrategy",
     "'Invalid RunStrategy (' + self + ')'"},
    {NULL, NULL, NULL},
};

static const struct field matcher_fields[] = {
    KEPT_STRING("name", "Its name."),
    KEPT_STRING("kind", "Its kind."),
    KEPT_STRING("revisionName", "ControllerRevision that keeps it as it was."),
    KEPT_STRING("inferFromVolume", "Volume whose labels name it."),
    KEPT_STRING("inferFromVolumeFailurePolicy", "Reject or Ignore."),
    FIELD_END,
};
static const struct type matcher_type = KEPT_TYPE(matcher_fields);

static const struct field vm_spec_fields[] = {
    FIELD_JSON(vm_spec, json, "", "The spec as it was written.", .shadow = true),
    FIELD_BOOL(vm_spec, running, "running", "Deprecated: true is Always, false is Halted.", CHANGES(LIVE)),
    FIELD_ENUM(vm_spec, run_strategy, run_strategy, run_strategy_names, "runStrategy", "When an instance is to run.",
               RULES(strategy_rules), .open = true, MAX_LEN(64), OTHERWISE("Halted"), CHANGES(LIVE)),
    FIELD_STRUCT(vm_spec, template, vm_template, vm_template_type, "template", "The instance that is made.", REQUIRED),
    KEPT_STRUCT(matcher_type, "instancetype", "Sizes that are taken from another object."),
    KEPT_STRUCT(matcher_type, "preference", "Preferences that are taken from another object."),
    FIELD_JSON(vm_spec, data_volume_templates, "dataVolumeTemplates", "DataVolumes that are made with the machine.",
               .list = true, OF(data_volume_template_type)),
    KEPT_STRING("updateVolumesStrategy", "How a changed volume is taken over."),
    FIELD_END,
};
static const struct type vm_spec_type = TYPE(vm_spec, vm_spec_fields, .cel = vm_rules);

static const struct field start_failure_fields[] = {
    FIELD_OPT_INT(start_failure, consecutive_fail_count, "consecutiveFailCount",
                  "Starts that failed since one succeeded."),
    FIELD_STRING(start_failure, last_failed_vmi_uid, "lastFailedVMIUID", "Instance that failed last."),
    FIELD_STRING(start_failure, retry_after, "retryAfterTimestamp", "No start before this time."),
    FIELD_END,
};
static const struct type start_failure_type = TYPE(start_failure, start_failure_fields);

static const struct field failure_fields[] = {
    FIELD_STRING(vm_failure, reason, "reason", "One word for programs."),
    FIELD_STRING(vm_failure, message, "message", "A sentence for people."),
    FIELD_STRING(vm_failure, time, "time", "When it failed."),
    FIELD_STRING(vm_failure, vmi_uid, "vmiUID", "Instance that failed."),
    FIELD_END,
};
static const struct type failure_type = TYPE(vm_failure, failure_fields);

static const struct field state_change_fields[] = {
    FIELD_STRING(state_change, action, "action", "Start or Stop.", REQUIRED),
    FIELD_MAP(state_change, data, "data", "What goes with it: paused, by, request."),
    FIELD_STRING(state_change, uid, "uid", "Instance that is to stop."),
    FIELD_END,
};
static const struct type state_change_type = TYPE(state_change, state_change_fields);

static const struct field power_fields[] = {
    FIELD_STRING(vm_power, wanted, "wanted", "Running or Stopped, whatever the run strategy says."),
    FIELD_ENUM(vm_power, strategy, run_strategy, run_strategy_names, "runStrategy",
               "Run strategy that the spec stated then; once it states another one, this is over."),
    FIELD_STRING(vm_power, by, "by", "Who asked for it."),
    FIELD_STRING(vm_power, time, "time", "Since when."),
    FIELD_STRING(vm_power, request, "request", "Which request it was."),
    FIELD_END,
};
static const struct type power_type = TYPE(vm_power, power_fields);

static const struct field pending_change_fields[] = {
    FIELD_STRING(pending_change, path, "path", "Field that was changed.", REQUIRED),
    FIELD_STRING(pending_change, current, "current", "What the guest has, as JSON."),
    FIELD_STRING(pending_change, desired, "desired", "What it is to have, as JSON."),
    FIELD_STRING(pending_change, takes_effect, "takesEffect",
                 "When: restart is the next start, recreate only a machine that is made anew."),
    FIELD_END,
};
static const struct type pending_change_type = TYPE(pending_change, pending_change_fields);

static const struct field vm_bridge_fields[] = {
    FIELD_STRING(vm_bridge, next, "next", "What happens next."),
    FIELD_POINTER(vm_bridge, last_failure, vm_failure, failure_type, "lastFailure", "The last run that failed."),
    FIELD_POINTER(vm_bridge, power, vm_power, power_type, "power",
                  "A start or a stop by a person that outlasts the run strategy."),
    FIELD_LIST(vm_bridge, repairs, repair_list, repair_type, "repairs",
               "Fields that are read otherwise than they are written, or have no effect."),
    FIELD_LIST(vm_bridge, pending, pending_change_list, pending_change_type, "pendingChanges",
               "Fields of the template that the running guest does not have yet, the first sixteen."),
    FIELD_END,
};
static const struct type vm_bridge_type = TYPE(vm_bridge, vm_bridge_fields);

static const struct field vm_status_fields[] = {
    FIELD_BOOL(vm_status, created, "created", "An instance exists."),
    FIELD_BOOL(vm_status, ready, "ready", "The guest runs and is ready."),
    FIELD_STRING(vm_status, printable_status, "printableStatus", "The state in one word, for people."),
    FIELD_ENUM(vm_status, run_strategy, run_strategy, run_strategy_names, "runStrategy", "Strategy at the last start."),
    FIELD_OPT_INT(vm_status, observed_generation, "observedGeneration", "Generation that this status tells about."),
    FIELD_OPT_INT(vm_status, desired_generation, "desiredGeneration", "Generation that the instance was made from."),
    FIELD_LIST(vm_status, conditions, condition_list, condition_type, "conditions", "Conditions of the machine."),
    FIELD_POINTER(vm_status, start_failure, start_failure, start_failure_type, "startFailure", "Starts that failed."),
    FIELD_LIST(vm_status, state_changes, state_change_list, state_change_type, "stateChangeRequests",
               "Starts and stops that were asked for."),
    KEPT_JSON("volumeRequests", "Volumes that are to be plugged or unplugged.", .list = true),
    KEPT_JSON("volumeSnapshotStatuses", "Which volumes can be snapshot.", .list = true),
    KEPT_JSON("memoryDumpRequest", "A dump of the guest's memory."),
    KEPT_STRING("snapshotInProgress", "Snapshot that is being made."),
    KEPT_STRING("restoreInProgress", "Restore that is being made."),
    KEPT_JSON("volumeUpdateState", "Volumes that move."),
    KEPT_JSON("changedBlockTracking", "Whether written blocks are noted."),
    KEPT_JSON("instancetypeRef", "Sizes that were taken from another object."),
    KEPT_JSON("preferenceRef", "Preferences that were taken from another object."),
    FIELD_STRING(vm_status, last_run_phase, "bridge.lastRunPhase", "How the last instance ended."),
    FIELD_POINTER(vm_status, bridge, vm_bridge, vm_bridge_type, "bridge", "What KubeVirt has no field for."),
    FIELD_END,
};
static const struct type vm_status_type = TYPE(vm_status, vm_status_fields);

static const struct field vm_fields[] = {
    FIELD_STRUCT(vm, meta, meta, meta_type, "metadata", "Metadata of the object."),
    FIELD_STRUCT(vm, spec, vm_spec, vm_spec_type, "spec", "What is wished.", RULES(machine_rules), REQUIRED),
    FIELD_STRUCT(vm, status, vm_status, vm_status_type, "status", "What is.", WHOLE, OUTLINE),
    FIELD_END,
};
const struct type vm_type = TYPE(vm, vm_fields);

static const struct field vm_header_fields[] = {
    FIELD_STRUCT(vm, status, vm_status, vm_status_type, "status", "What is.", OUTLINE),
    FIELD_END,
};
const struct type vm_header_type = TYPE(vm, vm_header_fields);

enum run_strategy
vm_run_strategy(const struct vm_spec *s)
{
    if (s->run_strategy != RUN_UNSET) {
        return s->run_strategy;
    }
    return s->running == TRI_TRUE ? RUN_ALWAYS : RUN_HALTED;
}
