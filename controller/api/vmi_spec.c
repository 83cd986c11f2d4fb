// Tables of a VMI's spec (also a VM's template), with the rules that the API server checks at apply.
#include "api/tables.h"

static const struct field efi_fields[] = {
    FIELD_BOOL(efi, secure_boot, "secureBoot", "Only signed code boots; needs features.smm.",
               OTHERWISE("true; false beside persistent: true without SMM")),
    FIELD_BOOL(efi, persistent, "persistent", "NVRAM outlives the guest's runs."),
    FIELD_END,
};
static const struct type efi_type = TYPE(efi, efi_fields, .keeps_unknown = true);

static const struct field bios_fields[] = {
    FIELD_BOOL(bios, use_serial, "useSerial", "BIOS messages go to the serial console."),
    FIELD_END,
};
static const struct type bios_type = TYPE(bios, bios_fields, .keeps_unknown = true);

static const struct cel_rule bootloader_rules[] = {
    {"!(has(self.efi) && has(self.bios))",
     "bootloader has both EFI and BIOS configured, but they are mutually exclusive.", NULL},
    {NULL, NULL, NULL},
};
static const struct field bootloader_fields[] = {
    FIELD_POINTER(bootloader, bios, bios, bios_type, "bios", "The guest boots by BIOS.",
                  OTHERWISE("used when efi is absent")),
    FIELD_POINTER(bootloader, efi, efi, efi_type, "efi", "The guest boots by UEFI."),
    FIELD_END,
};
static const struct type bootloader_type =
    TYPE(bootloader, bootloader_fields, .cel = bootloader_rules, .keeps_unknown = true);

#define UUID_PATTERN "^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})?$"

static const struct field firmware_fields[] = {
    FIELD_STRING(firmware, uuid, "uuid", "SMBIOS UUID of the machine.", PATTERN(UUID_PATTERN), MAX_LEN(36),
                 OTHERWISE("derived from namespace and name")),
    FIELD_STRING(firmware, serial, "serial", "SMBIOS serial number of the machine.", MAX_LEN(256)),
    FIELD_POINTER(firmware, bootloader, bootloader, bootloader_type, "bootloader", "How the guest boots.",
                  OTHERWISE("bios")),
    FIELD_END,
};
static const struct type firmware_type = TYPE(firmware, firmware_fields, .keeps_unknown = true);

static const struct field cpu_fields[] = {
    FIELD_OPT_INT(cpu, cores, "cores", "Cores of each socket.", RANGE(0, 512), OTHERWISE("1")),
    FIELD_OPT_INT(cpu, sockets, "sockets", "Sockets.", RANGE(0, 512), OTHERWISE("1, or the CPU limit or request")),
    FIELD_OPT_INT(cpu, threads, "thread", "The same, as virt-v2v writes it.", RANGE(0, 512), .shadow = true),
    FIELD_OPT_INT(cpu, threads, "threads", "Threads of each core.", RANGE(0, 512), OTHERWISE("1")),
    FIELD_STRING(cpu, model, "model", "CPU that the guest sees.", MAX_LEN(64), OTHERWISE("host-model")),
    FIELD_END,
};
static const struct cel_rule sockets_rules[] = {
    {"!has(self.sockets) || !has(self.maxSockets) || type(self.maxSockets) != int || self.maxSockets == 0 || "
     "self.sockets <= self.maxSockets",
     "Number of sockets in CPU topology is greater than the maximum sockets allowed", NULL},
    {NULL, NULL, NULL},
};
static const struct type cpu_type = TYPE(cpu, cpu_fields, .cel = sockets_rules, .keeps_unknown = true);

/* Values that the pattern refuses are not judged a second time. */
#define Q(f) "quantity(string(self." f "))"
#define BOTH_QUANTITIES(f, g) \
    "has(self." f ") && has(self." g ") && isQuantity(string(self." f ")) && isQuantity(string(self." g "))"
#define NOT_BELOW(n) "!isQuantity(string(self)) || !quantity(string(self)).isLessThan(quantity('" n "'))"

static const struct cel_rule guest_rules[] = {
    {NOT_BELOW("1M"), "memory.guest must be greater than or equal to 1M.", NULL},
    {NULL, NULL, NULL},
};
static const struct field memory_fields[] = {
    FIELD_QUANTITY(memory, guest, "guest", "Memory that the guest sees.", RULES(guest_rules),
                   OTHERWISE("requests, else limits")),
    FIELD_KEPT("hugepages.pageSize", "Page size of huge pages.", .text = true, MAX_LEN(32)),
    FIELD_END,
};
static const struct type memory_type = TYPE(memory, memory_fields, .keeps_unknown = true);

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
static const struct type requests_type = TYPE(resources, requests_fields, .keeps_unknown = true);

static const struct field limits_fields[] = {
    FIELD_QUANTITY(resources, limits_memory, "memory", "Most memory that the pod may use.", RULES(memory_rules)),
    FIELD_QUANTITY(resources, limits_cpu, "cpu", "Most CPU that the pod may use.", RULES(cpu_rules)),
    FIELD_END,
};
static const struct type limits_type = TYPE(resources, limits_fields, .keeps_unknown = true);

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
    FIELD_END,
};
static const struct type resources_type =
    TYPE(resources, resources_fields, .cel = resources_rules, .keeps_unknown = true);

#define GUEST_ABOVE_LIMIT                                                                          \
    "!(has(self.memory) && has(self.resources) && has(self.resources.limits) && " BOTH_QUANTITIES( \
        "memory.guest",                                                                            \
        "resources.limits.memory") " && " Q("memory.guest") ".isGreaterThan(" Q("resources.limits.memory") "))"

static const struct cel_rule domain_rules[] = {
    {GUEST_ABOVE_LIMIT, "memory.guest must be equal to or less than the memory limit",
     "'memory.guest \\'' + string(self.memory.guest) + '\\' must be equal to or less than the memory limit \\'' + "
     "string(self.resources.limits.memory) + '\\''"},
    {"!(has(self.firmware) && has(self.firmware.bootloader) && has(self.firmware.bootloader.efi)) || "
     "(has(self.firmware.bootloader.efi.secureBoot) ? !self.firmware.bootloader.efi.secureBoot : "
     "has(self.firmware.bootloader.efi.persistent) && self.firmware.bootloader.efi.persistent) || "
     "(has(self.features) && has(self.features.smm) && (!has(self.features.smm.enabled) || self.features.smm.enabled))",
     "has EFI SecureBoot enabled. SecureBoot requires SMM, which is currently disabled. Write efi.secureBoot: false",
     NULL},
    {NULL, NULL, NULL},
};

static const struct cel_rule machine_rules[] = {
    {"self == '' || self.startsWith('q35') || self.startsWith('pc-q35')",
     "domain.machine.type is not supported (allowed values: [q35* pc-q35*])",
     "'domain.machine.type is not supported: ' + self + ' (allowed values: [q35* pc-q35*])'"},
    {NULL, NULL, NULL},
};

static const struct cel_rule sound_rules[] = {
    {"has(self.name) && self.name != ''", "Sound device requires a name field.", NULL},
    {"!has(self.model) || self.model in ['', 'ich9', 'ac97']",
     "Sound device type is not supported. Options: 'ich9' or 'ac97'", NULL},
    {NULL, NULL, NULL},
};

static const struct field domain_fields[] = {
    FIELD_STRUCT(domain_spec, resources, resources, resources_type, "resources", "Requests and limits of the pod."),
    FIELD_STRUCT(domain_spec, cpu, cpu, cpu_type, "cpu", "Virtual CPUs."),
    FIELD_STRUCT(domain_spec, memory, memory, memory_type, "memory", "Memory of the guest."),
    FIELD_STRING(domain_spec, machine_type, "machine.type", "Machine type of QEMU.", RULES(machine_rules), .needed = true,
                 .open = true, MAX_LEN(64), OTHERWISE("q35; frozen at the first start"), CHANGES(RECREATE)),
    FIELD_STRUCT(domain_spec, firmware, firmware, firmware_type, "firmware", "Identity and boot loader."),
    FIELD_SWITCH(domain_spec, acpi, "resources.features.acpi", "The same, as virt-v2v writes it.", .shadow = true),
    FIELD_SWITCH(domain_spec, smm, "resources.features.smm", "The same, as virt-v2v writes it.", .shadow = true),
    FIELD_SWITCH(domain_spec, acpi, "features.acpi", "ACPI tables; without them a guest cannot shut down.",
                 OTHERWISE("on")),
    FIELD_SWITCH(domain_spec, smm, "features.smm", "System management mode, for secure boot.", OTHERWISE("off")),
    FIELD_KEPT("devices", "Devices of the guest.", REQUIRED),
    FIELD_KEPT("devices.sound", "Sound card.", RULES(sound_rules)),
    FIELD_PRESENT(domain_spec, rng, "devices.rng", "Random numbers from the host."),
    FIELD_BOOL(domain_spec, autoattach_pod_interface, "devices.autoattachPodInterface",
               "A guest without interfaces gets one on the pod network.", OTHERWISE("true")),
    FIELD_BOOL(domain_spec, autoattach_serial_console, "devices.autoattachSerialConsole",
               "The guest has a serial console.", OTHERWISE("true")),
    FIELD_BOOL(domain_spec, autoattach_graphics_device, "devices.autoattachGraphicsDevice", "The guest has a screen.",
               OTHERWISE("true")),
    FIELD_BOOL(domain_spec, autoattach_mem_balloon, "devices.autoattachMemBalloon", "The guest has a memory balloon.",
               OTHERWISE("true")),
    FIELD_BOOL(domain_spec, log_serial_console, "devices.logSerialConsole", "The console goes into the pod's log.",
               OTHERWISE("true")),
    FIELD_LIST(domain_spec, disks, disk_list, disk_type, "devices.disks", "Disks of the guest.", MAX_ITEMS(256)),
    FIELD_LIST(domain_spec, interfaces, interface_list, interface_type, "devices.interfaces",
               "Network cards of the guest.", MAX_ITEMS(32)),
    FIELD_END,
};
const struct type domain_type = TYPE(domain_spec, domain_fields, .cel = domain_rules, .keeps_unknown = true);

/* A probe goes into the pod as it is; the port is read beside, because it is let in. */
static const struct field probe_fields[] = {
    FIELD_JSON(probe, raw, "", "The probe as it was written."),
    FIELD_PRESENT(probe, http_get, "httpGet", "The guest answers HTTP.", .shadow = true),
    FIELD_PRESENT(probe, tcp_socket, "tcpSocket", "The guest accepts a connection.", .shadow = true),
    FIELD_OPT_INT(probe, http_port, "httpGet.port", "Port that is asked.", .shadow = true),
    FIELD_OPT_INT(probe, http_port, "tcpSocket.port", "Port that is connected to.", .shadow = true),
    FIELD_END,
};
static const struct cel_rule probe_rules[] = {
    {"[has(self.httpGet), has(self.tcpSocket), has(self.exec), has(self.guestAgentPing)].filter(b, b).size() == 1",
     "must have exactly one probe type set", NULL},
    {NULL, NULL, NULL},
};
const struct type probe_type = TYPE(probe, probe_fields, .cel = probe_rules, .keeps_unknown = true);

static const struct enum_value start_strategy_names[] = {{"Paused", START_PAUSED}, {NULL, 0}};

#define DISKS "self.domain.devices.disks"
#define INTERFACES "self.domain.devices.interfaces"
#define HAS_DISKS "has(" DISKS ")"
#define HAS_INTERFACES "has(" INTERFACES ")"
#define BOOT_ORDERS(l) "(has(" l ") ? " l ".filter(d, has(d.bootOrder)).map(d, d.bootOrder) : [])"
#define ALL_BOOT_ORDERS "(" BOOT_ORDERS(DISKS) " + " BOOT_ORDERS(INTERFACES) ")"
#define ASKS_THE_NETWORK(probe) \
    "(has(self." probe ") && (has(self." probe ".httpGet) || has(self." probe ".tcpSocket)))"
/* By name, as a converter's network without a type, or by default. */
#define HAS_POD_NETWORK                                                                                           \
    "(has(self.networks) && self.networks.size() > 0 ? self.networks.exists(n, has(n.pod) || (!has(n.multus) && " \
    "!has(n.resourceClaim))) : !(has(self.domain.devices.autoattachPodInterface) && "                             \
    "!self.domain.devices.autoattachPodInterface))"
/* Place of the first item of 'l' that has no fellow of its name in 'of'. */
#define ORPHAN(l, of) l ".map(x, has(" of ") && " of ".exists(y, y.name == x.name)).indexOf(false)"
/* A number made text has no bound that the cost of a rule could be known by, so the place itself is not told. */
#define ORPHAN_TEXT(label, l, of) "'" label "[i].name \\'' + " l "[" ORPHAN(l, of) "].name + '\\' not found.'"

static const struct cel_rule spec_rules[] = {
    {"!" HAS_DISKS " || " DISKS ".all(d, has(self.volumes) && self.volumes.exists(v, v.name == d.name))",
     "disks[i].name not found: each disk needs a volume of its name",
     ORPHAN_TEXT("domain.devices.disks", DISKS, "self.volumes")},
    {"!" HAS_INTERFACES " || " INTERFACES ".all(i, has(self.networks) && self.networks.exists(n, n.name == i.name))",
     "interfaces[i].name not found: each interface needs a network of its name",
     ORPHAN_TEXT("domain.devices.interfaces", INTERFACES, "self.networks")},
    {"!has(self.networks) || self.networks.all(n, " HAS_INTERFACES " && " INTERFACES ".exists(i, i.name == n.name))",
     "networks[i].name not found: each network needs an interface of its name",
     ORPHAN_TEXT("networks", "self.networks", INTERFACES)},
    {"!has(self.networks) || self.networks.filter(n, has(n.pod)).size() <= 1",
     "more than one interface is connected to a pod network in spec.networks", NULL},
    {"!has(self.networks) || !self.networks.exists(n, has(n.pod)) || "
     "!self.networks.exists(n, has(n.multus) && has(n.multus.default) && n.multus.default)",
     "Pod network cannot be defined when Multus default network is defined", NULL},
    {"!" HAS_INTERFACES " || !has(self.networks) || " INTERFACES
     ".all(i, !has(i.masquerade) || !self.networks.exists(n, n.name == i.name && has(n.multus)))",
     "Masquerade interface only implemented with pod network", NULL},
    {ALL_BOOT_ORDERS ".all(o, " ALL_BOOT_ORDERS ".exists_one(p, p == o))",
     "Boot order for a device is already set for a different device."},
    {"!" ASKS_THE_NETWORK("livenessProbe") " || " HAS_POD_NETWORK,
     "livenessProbe.httpGet and tcpSocket: is only allowed if the Pod Network is attached", NULL},
    {"!" ASKS_THE_NETWORK("readinessProbe") " || " HAS_POD_NETWORK,
     "readinessProbe.httpGet and tcpSocket: is only allowed if the Pod Network is attached", NULL},
    {"!(has(self.startStrategy) && self.startStrategy == 'Paused' && has(self.livenessProbe))",
     "Pausing VMI with LivenessProbe is not supported", NULL},
    {NULL, NULL, NULL},
};

static const struct cel_rule architecture_rules[] = {
    {"self in ['', 'amd64']", "unsupported architecture", "'unsupported architecture: ' + self"},
    {NULL, NULL, NULL},
};
static const struct cel_rule hostname_rules[] = {
    {"self == '' || (self.size() <= 63 && self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?$'))",
     "hostname does not conform to the kubernetes DNS_LABEL rules : small letters, digits and dashes, at most 63", NULL},
    {NULL, NULL, NULL},
};
static const struct cel_rule subdomain_rules[] = {
    {"self == '' || (self.size() <= 253 && "
     "self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$'))",
     "subdomain does not conform to the kubernetes DNS_SUBDOMAIN rules : labels joined by dots, at most 253", NULL},
    {NULL, NULL, NULL},
};
static const struct cel_rule eviction_rules[] = {
    {"self in ['None', 'LiveMigrate', 'LiveMigrateIfPossible', 'External']",
     "evictionStrategy is set with an unrecognized option",
     "'evictionStrategy is set with an unrecognized option: ' + self"},
    {NULL, NULL, NULL},
};
static const struct cel_rule start_rules[] = {
    {"self == 'Paused'", "startStrategy is set with an unrecognized option",
     "'startStrategy is set with an unrecognized option: ' + self"},
    {NULL, NULL, NULL},
};

static const struct field spec_fields[] = {
    FIELD_JSON(vmi_spec, json, "", "The spec as it was written.", .shadow = true),
    FIELD_STRUCT(vmi_spec, domain, domain_spec, domain_type, "domain", "The machine.", REQUIRED),
    FIELD_LIST(vmi_spec, networks, network_list, network_type, "networks", "Networks that interfaces are plugged into.",
               MAX_ITEMS(32)),
    FIELD_LIST(vmi_spec, volumes, volume_list, volume_type, "volumes", "What is behind the disks.", MAX_ITEMS(256)),
    FIELD_MAP(vmi_spec, node_selector, "nodeSelector", "Labels of the nodes that may run the guest."),
    FIELD_JSON(vmi_spec, affinity, "affinity", "Affinity of the pod."),
    FIELD_JSON(vmi_spec, tolerations, "tolerations", "Tolerations of the pod.", .list = true),
    FIELD_JSON(vmi_spec, topology_spread_constraints, "topologySpreadConstraints", "How pods are spread.", .list = true),
    FIELD_JSON(vmi_spec, dns_config, "dnsConfig", "DNS servers and search paths."),
    FIELD_STRING(vmi_spec, dns_policy, "dnsPolicy", "Where DNS settings come from.", MAX_LEN(64)),
    FIELD_STRING(vmi_spec, scheduler_name, "schedulerName", "Scheduler of the pod.", MAX_LEN(253)),
    FIELD_STRING(vmi_spec, priority_class_name, "priorityClassName", "Priority of the pod.", MAX_LEN(253)),
    FIELD_STRING(vmi_spec, hostname, "hostname", "Host name of the guest.", RULES(hostname_rules), MAX_LEN(512),
                 .open = true, OTHERWISE("the name")),
    FIELD_STRING(vmi_spec, subdomain, "subdomain", "DNS subdomain of the guest.", RULES(subdomain_rules), MAX_LEN(512),
                 .open = true),
    FIELD_STRING(vmi_spec, architecture, "architecture", "CPU architecture; amd64.", RULES(architecture_rules),
                 MAX_LEN(32), .open = true, OTHERWISE("amd64")),
    FIELD_STRING(vmi_spec, eviction_strategy, "evictionStrategy", "What a node drain does to the guest.",
                 RULES(eviction_rules), MAX_LEN(64), .open = true, CHANGES(LIVE)),
    FIELD_ENUM(vmi_spec, start_strategy, start_strategy, start_strategy_names, "startStrategy",
               "Paused: starts, and waits.", RULES(start_rules), .open = true, MAX_LEN(32)),
    FIELD_OPT_INT(vmi_spec, termination_grace_period_s, "terminationGracePeriodSeconds",
                  "Seconds between ACPI shutdown and power off.", RANGE(0, 1000000000), OTHERWISE("30")),
    FIELD_POINTER(vmi_spec, liveness_probe, probe, probe_type, "livenessProbe", "Restarts a guest that does not answer."),
    FIELD_POINTER(vmi_spec, readiness_probe, probe, probe_type, "readinessProbe", "Says when the guest is ready."),
    FIELD_END,
};
const struct type vmi_spec_type = TYPE(vmi_spec, spec_fields, .cel = spec_rules, .keeps_unknown = true);
