// Tables of the machine, with the rules that the API server checks at apply.
#include "api/kinds/tables.h"

#define GUEST_ABOVE_LIMIT                                                                          \
    "!(has(self.memory) && has(self.resources) && has(self.resources.limits) && " BOTH_QUANTITIES( \
        "memory.guest",                                                                            \
        "resources.limits.memory") " && " Q("memory.guest") ".isGreaterThan(" Q("resources.limits.memory") "))"

/* The guest's memory beside the size of its pages; in CEL. */
#define PAGE_SIZE "string(self.memory.hugepages.pageSize)"
#define HAS_PAGE_SIZE \
    "has(self.memory) && has(self.memory.hugepages) && has(self.memory.hugepages.pageSize) && isQuantity(" PAGE_SIZE ")"
#define MEMORY_TEXT                                                                                                 \
    "(has(self.memory.guest) ? string(self.memory.guest) : has(self.resources) && has(self.resources.requests) && " \
    "has(self.resources.requests.memory) ? string(self.resources.requests.memory) : has(self.resources) && "        \
    "has(self.resources.limits) && has(self.resources.limits.memory) ? string(self.resources.limits.memory) "       \
    ": " PAGE_SIZE ")"
#define AGAINST_PAGES(holds) "!(" HAS_PAGE_SIZE ") || ![" MEMORY_TEXT "].exists(m, isQuantity(m) && !(" holds "))"

#define IS_DEDICATED "(has(self.cpu) && has(self.cpu.dedicatedCpuPlacement) && self.cpu.dedicatedCpuPlacement)"
#define HAS_AMOUNT(list, what)                                                                          \
    "(has(self.resources) && has(self.resources." list ") && has(self.resources." list "." what ") && " \
    "isQuantity(string(self.resources." list "." what ")))"
/* The API server takes 2000m for no whole number. */
#define IS_WHOLE(list)                                                                           \
    "!" IS_DEDICATED                                                                             \
    " || !" HAS_AMOUNT(list, "cpu") " || " Q("resources." list ".cpu") ".isInteger() || string(" \
                                                                       "self.resources." list    \
                                                                       ".cpu).matches('^[0-9]+[.]0+$|000m$')"
#define ARE_EQUAL(what)                                                                                \
    "!" IS_DEDICATED " || !" HAS_AMOUNT("requests", what) " || !" HAS_AMOUNT("limits", what) " || " Q( \
        "resources.requests." what) ".compareTo(" Q("resources.limits." what) ") == 0"

static const struct cel_rule domain_rules[] = {
    {"!(has(self.cpu) && has(self.cpu.numa) && has(self.cpu.numa.guestMappingPassthrough)) || (has(self.memory) && "
     "has(self.memory.hugepages))",
     "memory.hugepages must be requested when NUMA topology strategy is set in cpu.numa.guestMappingPassthrough", NULL},
    {IS_WHOLE("limits"), "provided resources CPU limits must be an interger", NULL},
    {IS_WHOLE("requests"), "provided resources CPU requests must be an interger", NULL},
    {ARE_EQUAL("cpu"),
     "resources.requests.cpu or resources.limits.cpu must be equal when DedicatedCPUPlacement is true", NULL},
    {ARE_EQUAL("memory"), "resources.requests.memory must be equal to resources.limits.memory", NULL},
    {"!" IS_DEDICATED " || has(self.cpu.cores) || has(self.cpu.sockets) || has(self.cpu.threads) || " HAS_AMOUNT(
         "requests", "cpu") " || " HAS_AMOUNT("limits", "cpu"),
     "either resources.requests.cpu or resources.limits.cpu or cpu.cores must be provided when DedicatedCPUPlacement "
     "is true",
     NULL},
    {AGAINST_PAGES("!quantity(m).isLessThan(quantity(" PAGE_SIZE "))"),
     "memory must be equal to or larger than page size", NULL},
    {AGAINST_PAGES("!quantity(m).isInteger() || !quantity(" PAGE_SIZE ").isInteger() || quantity(" PAGE_SIZE
                   ").asInteger() == 0 || quantity(m).asInteger() % quantity(" PAGE_SIZE ").asInteger() == 0"),
     "memory is not a multiple of the page size", NULL},
    {GUEST_ABOVE_LIMIT, "memory.guest must be equal to or less than the memory limit",
     "'memory.guest \\'' + string(self.memory.guest) + '\\' must be equal to or less than the memory limit \\'' + "
     "string(self.resources.limits.memory) + '\\''"},
    {"!(has(self.firmware) && has(self.firmware.bootloader) && has(self.firmware.bootloader.efi)) || "
     "(has(self.firmware.bootloader.efi.secureBoot) ? !self.firmware.bootloader.efi.secureBoot : "
     "has(self.firmware.bootloader.efi.persistent) && self.firmware.bootloader.efi.persistent) || "
     "(has(self.features) && has(self.features.smm) && (!has(self.features.smm.enabled) || self.features.smm.enabled))",
     "has EFI SecureBoot enabled. SecureBoot requires SMM, which is currently disabled. Write efi.secureBoot: false",
     NULL},
    {"!has(self.devices) || !has(self.devices.video) || !has(self.devices.autoattachGraphicsDevice) || "
     "self.devices.autoattachGraphicsDevice",
     "Video configuration is not allowed when autoattachGraphicsDevice is set to false", NULL},
    {"!(has(self.ioThreadsPolicy) && self.ioThreadsPolicy == 'supplementalPool') || (has(self.ioThreads) && "
     "has(self.ioThreads.supplementalPoolThreadCount) && self.ioThreads.supplementalPoolThreadCount > 0)",
     "the number of iothreads needs to be set and positive for the dedicated policy", NULL},
    {NULL, NULL, NULL},
};

static const struct enum_value io_threads_policy_names[] = {
    {"shared", IO_THREADS_SHARED}, {"auto", IO_THREADS_AUTO}, {"supplementalPool", IO_THREADS_POOL}, {NULL, 0}};
static const struct cel_rule io_threads_policy_rules[] = {
    {"self in ['', 'shared', 'auto', 'supplementalPool']", "Invalid IOThreadsPolicy",
     "'Invalid IOThreadsPolicy (' + self + ')'"},
    {NULL, NULL, NULL},
};

static const struct cel_rule machine_rules[] = {
    {"self == '' || self.startsWith('q35') || self.startsWith('pc-q35')",
     "domain.machine.type is not supported (allowed values: [q35* pc-q35*])",
     "'domain.machine.type is not supported: ' + self + ' (allowed values: [q35* pc-q35*])'"},
    {NULL, NULL, NULL},
};

static const struct field filesystem_fields[] = {
    KEPT_STRING("name", "The volume behind it, and its name in the guest.", NEEDED),
    KEPT_PRESENT("virtiofs", "The guest mounts it by virtiofs.", NEEDED),
    FIELD_END,
};
static const struct type filesystem_type = KEPT_TYPE(filesystem_fields);

static const struct field chassis_fields[] = {
    FIELD_STRING(chassis, manufacturer, "manufacturer", "Its maker.", MAX_LEN(256)),
    FIELD_STRING(chassis, version, "version", "Its version.", MAX_LEN(256)),
    FIELD_STRING(chassis, serial, "serial", "Its serial number.", MAX_LEN(256)),
    FIELD_STRING(chassis, asset, "asset", "Its asset tag.", MAX_LEN(256)),
    FIELD_STRING(chassis, sku, "sku", "Its stock number.", MAX_LEN(256)),
    FIELD_END,
};
static const struct type chassis_type = TYPE(chassis, chassis_fields);

static const struct enum_value watchdog_names[] = {
    {"poweroff", WATCHDOG_POWEROFF}, {"reset", WATCHDOG_RESET}, {"shutdown", WATCHDOG_SHUTDOWN}, {NULL, 0}};

static const struct field watchdog_fields[] = {
    FIELD_STRING(watchdog, name, "name", "Its name.", NEEDED),
    FIELD_ENUM(watchdog, action, watchdog_action, watchdog_names, "i6300esb.action",
               "What it does to a guest that does not answer it in time.", OTHERWISE("reset")),
    KEPT_STRING("diag288.action", "The same, on s390x."),
    FIELD_END,
};
static const struct type watchdog_type = TYPE(watchdog, watchdog_fields);

static const struct field domain_fields[] = {
    FIELD_STRUCT(domain_spec, resources, resources, resources_type, "resources", "Requests and limits of the pod."),
    FIELD_STRUCT(domain_spec, cpu, cpu, cpu_type, "cpu", "Virtual CPUs."),
    FIELD_STRUCT(domain_spec, memory, memory, memory_type, "memory", "Memory of the guest."),
    FIELD_STRING(domain_spec, machine_type, "machine.type", "Machine type of QEMU.", RULES(machine_rules), .needed = true,
                 .open = true, MAX_LEN(64), OTHERWISE("q35; frozen at the first start"), CHANGES(RECREATE)),
    FIELD_STRUCT(domain_spec, firmware, firmware, firmware_type, "firmware", "Identity and boot loader."),
    FIELD_STRUCT(domain_spec, features, features, features_type, "resources.features",
                 "The same, as virt-v2v writes it.", .shadow = true),
    FIELD_STRUCT(domain_spec, features, features, features_type, "features", "Features of the machine."),
    FIELD_STRUCT(domain_spec, clock, clock, clock_type, "resources.clock", "The same, as virt-v2v writes it.",
                 .shadow = true),
    FIELD_STRUCT(domain_spec, clock, clock, clock_type, "clock", "Clock and timers."),
    FIELD_ENUM(domain_spec, io_threads_policy, io_threads_policy, io_threads_policy_names, "ioThreadsPolicy",
               "How disks on virtio share I/O threads: one for all, as many as there are CPUs for, or a pool.",
               RULES(io_threads_policy_rules), .open = true, MAX_LEN(32),
               OTHERWISE("threads for disks with dedicatedIOThread, if any")),
    FIELD_OPT_INT(domain_spec, io_pool_threads, "ioThreads.supplementalPoolThreadCount", "I/O threads of the pool.",
                  RANGE(0, 512)),
    KEPT_STRING("rebootPolicy", "What a reboot inside the guest does."),
    FIELD_STRUCT(domain_spec, chassis, chassis, chassis_type, "chassis", "The chassis in SMBIOS."),
    FIELD_KEPT("launchSecurity", "Memory that the node cannot read."),
    KEPT_BOOL("launchSecurity.sev.policy.encryptedState", "SEV-ES."),
    KEPT_PRESENT("launchSecurity.sev.attestation", "The guest's owner checks it before it starts."),
    KEPT_STRING("launchSecurity.sev.session", "Session of its owner, base64."),
    KEPT_STRING("launchSecurity.sev.dhCert", "Key of its owner, base64."),
    FIELD_KEPT("launchSecurity.snp", "SEV-SNP."),
    KEPT_STRING("launchSecurity.snp.policy", "Its flags."),
    KEPT_STRING("launchSecurity.snp.vcek", "Certificate of the chip's key."),
    KEPT_STRING("launchSecurity.snp.authorKey", "Key of the author."),
    KEPT_STRING("launchSecurity.snp.kernelHashes", "Hashes of kernel and command line."),
    KEPT_STRING("launchSecurity.snp.cbitpos", "Bit of an address that says encrypted."),
    KEPT_STRING("launchSecurity.snp.idBlock", "Identity of the guest."),
    KEPT_STRING("launchSecurity.snp.idAuth", "Signature of the identity."),
    KEPT_STRING("launchSecurity.snp.reducedPhysBits", "Address bits that encryption takes."),
    KEPT_PRESENT("launchSecurity.tdx", "Intel TDX."),
    FIELD_KEPT("devices", "Devices of the guest.", REQUIRED),
    FIELD_BOOL(domain_spec, use_virtio_transitional, "devices.useVirtioTransitional",
               "Devices on virtio speak version 0.9 too, for guests with older drivers.", OTHERWISE("false")),
    KEPT_BOOL("devices.disableHotplug", "Nothing is plugged in while the guest runs."),
    FIELD_BOOL(domain_spec, autoattach_input_device, "devices.autoattachInputDevice",
               "A guest without input devices gets a tablet on USB.", OTHERWISE("false")),
    FIELD_BOOL(domain_spec, autoattach_vsock, "devices.autoattachVSOCK",
               "The guest has a VSOCK device; the node must offer devices.kubevirt.io/vhost-vsock.", OTHERWISE("false")),
    FIELD_BOOL(domain_spec, block_multi_queue, "devices.blockMultiQueue",
               "Disks on virtio have a queue for each virtual CPU."),
    FIELD_BOOL(
        domain_spec, network_multi_queue, "devices.networkInterfaceMultiqueue",
        "Cards on virtio have a queue for each virtual CPU, on secondary networks whose tap was made with several."),
    FIELD_LIST(domain_spec, gpus, node_device_list, gpu_type, "devices.gpus", "GPUs of the node, whole or virtual.",
               MAX_ITEMS(16)),
    FIELD_LIST(domain_spec, host_devices, node_device_list, host_device_type, "devices.hostDevices",
               "Other devices of the node, on PCI or USB.", MAX_ITEMS(16)),
    FIELD_LIST(domain_spec, inputs, input_list, input_type, "devices.inputs", "Input devices.", MAX_ITEMS(4)),
    KEPT_LIST(filesystem_type, "devices.filesystems", "Volumes that the guest mounts."),
    FIELD_LIST(domain_spec, panic_devices, panic_device_list, panic_device_type, "devices.panicDevices",
               "Devices by which a guest tells of its crash, which ends its run.", MAX_ITEMS(3)),
    KEPT_PRESENT("devices.downwardMetrics", "Figures of the node for the guest."),
    KEPT_PRESENT("devices.clientPassthrough", "USB devices of whoever looks at the screen."),
    FIELD_POINTER(domain_spec, sound, sound, sound_type, "devices.sound",
                  "A sound card; nobody hears what the guest plays."),
    FIELD_POINTER(domain_spec, tpm, tpm, tpm_type, "devices.tpm", "A trusted platform module, of version 2.0."),
    FIELD_POINTER(domain_spec, video, video, video_type, "devices.video", "The screen's card."),
    FIELD_POINTER(domain_spec, watchdog, watchdog, watchdog_type, "devices.watchdog", "A watchdog, an Intel 6300ESB."),
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
const struct type domain_type = TYPE(domain_spec, domain_fields, .cel = domain_rules);
