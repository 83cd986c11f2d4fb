// Tables of processors, memory, and what the pod requests and is limited to.
#include "api/kinds/tables.h"

static const struct enum_value feature_policy_names[] = {{"force", FEATURE_FORCE},       {"require", FEATURE_REQUIRE},
                                                         {"optional", FEATURE_OPTIONAL}, {"disable", FEATURE_DISABLE},
                                                         {"forbid", FEATURE_FORBID},     {NULL, 0}};

static const struct cel_rule cpu_feature_rules[] = {
    {"!has(self.policy) || self.policy in ['', 'force', 'require', 'optional', 'disable', 'forbid']",
     "CPU feature uses a policy that is not supported.",
     "'CPU feature ' + self.name + ' uses policy ' + self.policy + ' that is not supported.'"},
    {NULL, NULL, NULL},
};
static const struct field cpu_feature_fields[] = {
    FIELD_STRING(cpu_feature, name, "name", "Name of the feature, as libvirt has it.", REQUIRED, MAX_LEN(64)),
    FIELD_ENUM(cpu_feature, policy, feature_policy, feature_policy_names, "policy",
               "What becomes of it; force: it is there whether the node has it or not.", .open = true, MAX_LEN(16),
               OTHERWISE("require")),
    FIELD_END,
};
static const struct type cpu_feature_type = TYPE(cpu_feature, cpu_feature_fields, .cel = cpu_feature_rules);

static const struct field realtime_fields[] = {
    FIELD_STRING(realtime, mask, "mask", "Which ones: 0-3,^1.", MAX_LEN(256), OTHERWISE("all")),
    FIELD_END,
};
static const struct type realtime_type = TYPE(realtime, realtime_fields);

static const struct field cpu_fields[] = {
    FIELD_OPT_INT(cpu, cores, "cores", "Cores of each socket.", RANGE(0, 512), OTHERWISE("1")),
    FIELD_OPT_INT(cpu, sockets, "sockets", "Sockets.", RANGE(0, 512), OTHERWISE("1, or the CPU limit or request")),
    FIELD_OPT_INT(cpu, threads, "thread", "The same, as virt-v2v writes it.", RANGE(0, 512), .shadow = true),
    FIELD_OPT_INT(cpu, threads, "threads", "Threads of each core.", RANGE(0, 512), OTHERWISE("1")),
    FIELD_STRING(cpu, model, "model", "CPU that the guest sees.", MAX_LEN(64), OTHERWISE("host-model")),
    KEPT_INT("thread", "Threads of each core, as virt-v2v writes it."),
    KEPT_INT("maxSockets", "Sockets that the guest may grow to."),
    FIELD_LIST(cpu, features, cpu_feature_list, cpu_feature_type, "features", "Features beside those of the model.",
               MAX_ITEMS(512)),
    FIELD_BOOL(cpu, dedicated, "dedicatedCpuPlacement", "Each virtual CPU has a CPU of the node for itself."),
    FIELD_BOOL(cpu, isolate_emulator, "isolateEmulatorThread", "So has QEMU."),
    FIELD_PRESENT(cpu, passes_numa, "numa.guestMappingPassthrough", "The guest sees the NUMA nodes of its CPUs."),
    FIELD_POINTER(cpu, realtime, realtime, realtime_type, "realtime", "Virtual CPUs run before all else."),
    FIELD_END,
};
#define IS_DEDICATED "(has(self.dedicatedCpuPlacement) && self.dedicatedCpuPlacement)"
#define PASSES_NUMA "(has(self.numa) && has(self.numa.guestMappingPassthrough))"

static const struct cel_rule cpu_type_rules[] = {
    {"!(has(self.isolateEmulatorThread) && self.isolateEmulatorThread) || " IS_DEDICATED,
     "IsolateEmulatorThread should be only set in combination with DedicatedCPUPlacement", NULL},
    {"!" PASSES_NUMA " || " IS_DEDICATED,
     "dedicatedCpuPlacement must be set to true when NUMA topology strategy is set in numa.guestMappingPassthrough",
     NULL},
    {"!has(self.realtime) || " IS_DEDICATED, "dedicatedCpuPlacement must be set to true when realtime is used", NULL},
    {"!has(self.realtime) || " PASSES_NUMA, "numa.guestMappingPassthrough must be defined when realtime is used", NULL},
    {"!" IS_DEDICATED " || !has(self.threads) || self.threads <= 2",
     "Not more than two threads must be provided when DedicatedCPUPlacement is true",
     "'Not more than two threads must be provided at threads (got ' + string(self.threads) + ') when "
     "DedicatedCPUPlacement is true'"},
    {"!has(self.sockets) || !has(self.maxSockets) || type(self.maxSockets) != int || self.maxSockets == 0 || "
     "self.sockets <= self.maxSockets",
     "Number of sockets in CPU topology is greater than the maximum sockets allowed", NULL},
    {NULL, NULL, NULL},
};
const struct type cpu_type = TYPE(cpu, cpu_fields, .cel = cpu_type_rules);

#define NOT_BELOW(n) "!isQuantity(string(self)) || !quantity(string(self)).isLessThan(quantity('" n "'))"

static const struct cel_rule guest_rules[] = {
    {NOT_BELOW("1M"), "memory.guest must be greater than or equal to 1M.", NULL},
    {NULL, NULL, NULL},
};
static const struct field hugepages_fields[] = {
    FIELD_QUANTITY(hugepages, page_size, "pageSize", "How large they are: 2Mi or 1Gi."),
    FIELD_END,
};
static const struct type hugepages_type = TYPE(hugepages, hugepages_fields);

static const struct field memory_fields[] = {
    FIELD_QUANTITY(memory, guest, "guest", "Memory that the guest sees.", RULES(guest_rules),
                   OTHERWISE("requests, else limits, else one huge page")),
    KEPT_QUANTITY("maxGuest", "Memory that the guest may grow to."),
    FIELD_POINTER(memory, hugepages, hugepages, hugepages_type, "hugepages", "The guest's memory is huge pages."),
    FIELD_KEPT("reservedOverhead", "Memory for the pod beside what is reckoned."),
    KEPT_QUANTITY("reservedOverhead.addedOverhead", "How much."),
    KEPT_STRING("reservedOverhead.memLock", "Whether it is locked."),
    FIELD_END,
};
const struct type memory_type = TYPE(memory, memory_fields);

static const struct cel_rule request_memory_rules[] = {
    {NOT_BELOW("0"), "memory must be greater than or equal to 0.", NULL},
    {NOT_BELOW("1M"), "requests.memory must be greater than or equal to 1M.", NULL},
    {NULL, NULL, NULL},
};
static const struct cel_rule memory_rules[] = {
    {NOT_BELOW("0"), "memory must be greater than or equal to 0.", NULL},
    {NULL, NULL, NULL},
};
static const struct cel_rule cpu_rules[] = {
    {NOT_BELOW("0"), "cpu must be greater than or equal to 0.", NULL},
    {NULL, NULL, NULL},
};
static const struct field requests_fields[] = {
    FIELD_QUANTITY(resources, requests_memory, "memory", "Memory of the guest, when memory.guest is absent.",
                   RULES(request_memory_rules)),
    FIELD_QUANTITY(resources, requests_cpu, "cpu", "CPU share that the pod asks for.", RULES(cpu_rules),
                   OTHERWISE("100m for each vCPU")),
    FIELD_END,
};
static const struct type requests_type = TYPE(resources, requests_fields, .quantities = true);

static const struct field limits_fields[] = {
    FIELD_QUANTITY(resources, limits_memory, "memory", "Most memory that the pod may use.", RULES(memory_rules)),
    FIELD_QUANTITY(resources, limits_cpu, "cpu", "Most CPU that the pod may use.", RULES(cpu_rules)),
    FIELD_END,
};
static const struct type limits_type = TYPE(resources, limits_fields, .quantities = true);

#define ABOVE_LIMIT(what)                                                                                          \
    {                                                                                                              \
        "!(has(self.requests) && has(self.limits) && " BOTH_QUANTITIES("requests." what, "limits." what) " && " Q( \
            "requests." what) ".isGreaterThan(" Q("limits." what) "))",                                            \
            "requests." what " is greater than limits." what,                                                      \
            "'requests." what " \\'' + string(self.requests." what ") + '\\' is greater than limits." what         \
            " \\'' + string(self.limits." what ") + '\\''"                                                         \
    }

static const struct cel_rule resources_rules[] = {ABOVE_LIMIT("memory"), ABOVE_LIMIT("cpu"), {NULL, NULL, NULL}};
static const struct field resources_fields[] = {
    FIELD_PART(requests_type, "requests", "What the scheduler sets aside."),
    FIELD_PART(limits_type, "limits", "What the pod may use at most."),
    KEPT_BOOL("overcommitGuestOverhead", "The scheduler does not set the overhead aside."),
    KEPT_JSON("features", "Features of the domain, where virt-v2v writes them.", OF(features_type)),
    KEPT_JSON("clock", "Clock of the domain, where virt-v2v writes it.", OF(clock_type)),
    FIELD_END,
};
const struct type resources_type = TYPE(resources, resources_fields, .cel = resources_rules);
