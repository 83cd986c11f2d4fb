// Tables of a VMI's spec (also a VM's template), with the rules that the API server checks at apply.
#include "api/kinds/tables.h"

static const struct field efi_fields[] = {
    FIELD_BOOL(efi, secure_boot, "secureBoot", "Only signed code boots; needs features.smm.",
               OTHERWISE("true; false beside persistent: true without SMM")),
    FIELD_BOOL(efi, persistent, "persistent", "NVRAM outlives the guest's runs."),
    FIELD_END,
};
static const struct type efi_type = TYPE(efi, efi_fields);

static const struct field bios_fields[] = {
    FIELD_BOOL(bios, use_serial, "useSerial", "BIOS messages go to the serial console."),
    FIELD_END,
};
static const struct type bios_type = TYPE(bios, bios_fields);

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
static const struct type bootloader_type = TYPE(bootloader, bootloader_fields, .cel = bootloader_rules);

#define UUID_PATTERN "^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})?$"

static const struct field firmware_fields[] = {
    FIELD_STRING(firmware, uuid, "uuid", "SMBIOS UUID of the machine.", PATTERN(UUID_PATTERN), MAX_LEN(36),
                 OTHERWISE("derived from namespace and name")),
    FIELD_STRING(firmware, serial, "serial", "SMBIOS serial number of the machine.", MAX_LEN(256)),
    FIELD_POINTER(firmware, bootloader, bootloader, bootloader_type, "bootloader", "How the guest boots.",
                  OTHERWISE("bios")),
    FIELD_KEPT("kernelBoot", "The guest boots a kernel from an image, without a boot loader."),
    KEPT_STRING("kernelBoot.kernelArgs", "Command line of the kernel."),
    KEPT_STRING("kernelBoot.container.image", "Image with kernel and initial RAM disk.", NEEDED),
    KEPT_STRING("kernelBoot.container.imagePullSecret", "Secret for the registry."),
    KEPT_STRING("kernelBoot.container.imagePullPolicy", "When the image is pulled."),
    KEPT_STRING("kernelBoot.container.kernelPath", "The kernel in the image."),
    KEPT_STRING("kernelBoot.container.initrdPath", "The initial RAM disk in the image."),
    FIELD_KEPT("acpi", "Tables that the guest's ACPI has beside its own."),
    KEPT_STRING("acpi.slicNameRef", "Volume with a SLIC table."),
    KEPT_STRING("acpi.msdmNameRef", "Volume with an MSDM table."),
    FIELD_END,
};
static const struct type firmware_type = TYPE(firmware, firmware_fields);

static const struct field cpu_feature_fields[] = {
    KEPT_STRING("name", "Name of the feature.", NEEDED),
    KEPT_STRING("policy", "force, require, optional, disable or forbid."),
    FIELD_END,
};
static const struct type cpu_feature_type = KEPT_TYPE(cpu_feature_fields);

static const struct field cpu_fields[] = {
    FIELD_OPT_INT(cpu, cores, "cores", "Cores of each socket.", RANGE(0, 512), OTHERWISE("1")),
    FIELD_OPT_INT(cpu, sockets, "sockets", "Sockets.", RANGE(0, 512), OTHERWISE("1, or the CPU limit or request")),
    FIELD_OPT_INT(cpu, threads, "thread", "The same, as virt-v2v writes it.", RANGE(0, 512), .shadow = true),
    FIELD_OPT_INT(cpu, threads, "threads", "Threads of each core.", RANGE(0, 512), OTHERWISE("1")),
    FIELD_STRING(cpu, model, "model", "CPU that the guest sees.", MAX_LEN(64), OTHERWISE("host-model")),
    KEPT_INT("thread", "Threads of each core, as virt-v2v writes it."),
    KEPT_INT("maxSockets", "Sockets that the guest may grow to."),
    KEPT_LIST(cpu_feature_type, "features", "Features beside those of the model."),
    KEPT_BOOL("dedicatedCpuPlacement", "Each virtual CPU has a CPU of the node for itself."),
    KEPT_BOOL("isolateEmulatorThread", "So has QEMU."),
    FIELD_KEPT("numa", "NUMA nodes of the guest."),
    KEPT_PRESENT("numa.guestMappingPassthrough", "The guest sees the NUMA nodes of its CPUs."),
    FIELD_KEPT("realtime", "Virtual CPUs with small delays."),
    KEPT_STRING("realtime.mask", "Which ones."),
    FIELD_END,
};
static const struct cel_rule sockets_rules[] = {
    {"!has(self.sockets) || !has(self.maxSockets) || type(self.maxSockets) != int || self.maxSockets == 0 || "
     "self.sockets <= self.maxSockets",
     "Number of sockets in CPU topology is greater than the maximum sockets allowed", NULL},
    {NULL, NULL, NULL},
};
static const struct type cpu_type = TYPE(cpu, cpu_fields, .cel = sockets_rules);

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
    KEPT_QUANTITY("maxGuest", "Memory that the guest may grow to."),
    FIELD_KEPT("hugepages", "The guest's memory is huge pages."),
    KEPT_STRING("hugepages.pageSize", "Page size of huge pages.", MAX_LEN(32)),
    FIELD_KEPT("reservedOverhead", "Memory for the pod beside what is reckoned."),
    KEPT_QUANTITY("reservedOverhead.addedOverhead", "How much."),
    KEPT_STRING("reservedOverhead.memLock", "Whether it is locked."),
    FIELD_END,
};
static const struct type memory_type = TYPE(memory, memory_fields);

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

static const struct field spinlocks_fields[] = {
    KEPT_BOOL("enabled", "On or off."),
    KEPT_INT("spinlocks", "Tries before the hypervisor is told."),
    FIELD_END,
};
static const struct type spinlocks_type = KEPT_TYPE(spinlocks_fields);

/* ACPI and SMM are read; where features may stand they have rows of their own. */
static const struct field features_fields[] = {
    KEPT_BOOL("apic.enabled", "On or off."),
    KEPT_BOOL("apic.endOfInterrupt", "The guest may skip the end of an interrupt."),
    KEPT_SWITCH("pae", "Physical addresses of more than 32 bits."),
    KEPT_SWITCH("pvspinlock", "Spin locks that wait in the hypervisor."),
    KEPT_BOOL("kvm.hidden", "The guest does not see that it runs under KVM."),
    KEPT_SWITCH("hypervPassthrough", "All that the node offers of Hyper-V's interfaces."),
    FIELD_KEPT("hyperv", "Hyper-V's interfaces, for Windows."),
    KEPT_SWITCH("hyperv.relaxed", "Timers may be late."),
    KEPT_SWITCH("hyperv.vapic", "A virtual APIC."),
    KEPT_STRUCT(spinlocks_type, "hyperv.spinlocks", "Waiting for a lock is told to the hypervisor."),
    KEPT_SWITCH("hyperv.vpindex", "Virtual CPUs have numbers."),
    KEPT_SWITCH("hyperv.runtime", "How long a virtual CPU ran."),
    KEPT_SWITCH("hyperv.synic", "An interrupt controller."),
    KEPT_BOOL("hyperv.synictimer.enabled", "Timers of that controller."),
    KEPT_SWITCH("hyperv.synictimer.direct", "Its timers interrupt without a message."),
    KEPT_SWITCH("hyperv.reset", "A reset by register."),
    KEPT_BOOL("hyperv.vendorid.enabled", "On or off."),
    KEPT_STRING("hyperv.vendorid.vendorid", "The hypervisor's name, as the guest sees it."),
    KEPT_SWITCH("hyperv.frequencies", "Frequencies by register."),
    KEPT_SWITCH("hyperv.reenlightenment", "The guest is told when it was migrated."),
    KEPT_BOOL("hyperv.tlbflush.enabled", "The TLB is flushed by the hypervisor."),
    KEPT_SWITCH("hyperv.tlbflush.direct", "By it alone."),
    KEPT_SWITCH("hyperv.tlbflush.extended", "In parts."),
    KEPT_SWITCH("hyperv.ipi", "Interrupts between virtual CPUs."),
    KEPT_SWITCH("hyperv.evmcs", "A nested hypervisor's own format."),
    FIELD_END,
};
static const struct type features_type = KEPT_TYPE(features_fields);

static const struct field clock_fields[] = {
    FIELD_KEPT("utc", "The guest's clock is UTC."),
    KEPT_INT("utc.offsetSeconds", "Seconds from UTC."),
    KEPT_STRING("timezone", "The clock is of that zone."),
    FIELD_KEPT("timer", "Timers of the machine."),
    KEPT_BOOL("timer.hpet.present", "High precision event timer."),
    KEPT_STRING("timer.hpet.tickPolicy", "What becomes of ticks that came too late."),
    KEPT_BOOL("timer.kvm.present", "KVM's clock."),
    KEPT_BOOL("timer.pit.present", "Programmable interval timer."),
    KEPT_STRING("timer.pit.tickPolicy", "What becomes of ticks that came too late."),
    KEPT_BOOL("timer.rtc.present", "Real time clock."),
    KEPT_STRING("timer.rtc.tickPolicy", "What becomes of ticks that came too late."),
    KEPT_STRING("timer.rtc.track", "Whose time it keeps: guest or wall."),
    KEPT_BOOL("timer.hyperv.present", "Hyper-V's clock."),
    FIELD_END,
};
static const struct type clock_type = KEPT_TYPE(clock_fields);

static const struct cel_rule resources_rules[] = {ABOVE_LIMIT("memory"), ABOVE_LIMIT("cpu"), {NULL, NULL, NULL}};
static const struct field resources_fields[] = {
    FIELD_PART(requests_type, "requests", "What the scheduler sets aside."),
    FIELD_PART(limits_type, "limits", "What the pod may use at most."),
    KEPT_BOOL("overcommitGuestOverhead", "The scheduler does not set the overhead aside."),
    KEPT_JSON("features", "Features of the domain, where virt-v2v writes them.", OF(features_type)),
    KEPT_SWITCH("features.acpi", "ACPI tables."),
    KEPT_SWITCH("features.smm", "System management mode."),
    KEPT_JSON("clock", "Clock of the domain, where virt-v2v writes it.", OF(clock_type)),
    FIELD_END,
};
static const struct type resources_type = TYPE(resources, resources_fields, .cel = resources_rules);

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

static const struct field gpu_fields[] = {
    KEPT_STRING("name", "Name of the device.", NEEDED),
    KEPT_STRING("deviceName", "Resource that a device plugin offers."),
    KEPT_STRING("claimName", "Resource claim of the guest."),
    KEPT_STRING("requestName", "Request of that claim."),
    KEPT_BOOL("virtualGPUOptions.display.enabled", "The GPU has a screen."),
    KEPT_SWITCH("virtualGPUOptions.display.ramFB", "It has one before the guest's driver runs."),
    KEPT_STRING("tag", "Name by which the guest knows it."),
    FIELD_END,
};
static const struct type gpu_type = KEPT_TYPE(gpu_fields);

static const struct field host_device_fields[] = {
    KEPT_STRING("name", "Name of the device.", NEEDED),
    KEPT_STRING("deviceName", "Resource that a device plugin offers."),
    KEPT_STRING("claimName", "Resource claim of the guest."),
    KEPT_STRING("requestName", "Request of that claim."),
    KEPT_STRING("tag", "Name by which the guest knows it."),
    FIELD_END,
};
static const struct type host_device_type = KEPT_TYPE(host_device_fields);

static const struct field input_fields[] = {
    KEPT_STRING("name", "Name of the device.", NEEDED),
    KEPT_STRING("type", "tablet.", NEEDED),
    KEPT_STRING("bus", "usb or virtio."),
    FIELD_END,
};
static const struct type input_type = KEPT_TYPE(input_fields);

static const struct field filesystem_fields[] = {
    KEPT_STRING("name", "The volume behind it, and its name in the guest.", NEEDED),
    KEPT_PRESENT("virtiofs", "The guest mounts it by virtiofs.", NEEDED),
    FIELD_END,
};
static const struct type filesystem_type = KEPT_TYPE(filesystem_fields);

static const struct field panic_device_fields[] = {
    KEPT_STRING("model", "isa, hyperv or pvpanic."),
    FIELD_END,
};
static const struct type panic_device_type = KEPT_TYPE(panic_device_fields);

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
    FIELD_SWITCH(domain_spec, acpi, "resources.features.acpi", "The same, as virt-v2v writes it.", .shadow = true),
    FIELD_SWITCH(domain_spec, smm, "resources.features.smm", "The same, as virt-v2v writes it.", .shadow = true),
    FIELD_SWITCH(domain_spec, acpi, "features.acpi", "ACPI tables; without them a guest cannot shut down.",
                 OTHERWISE("on")),
    FIELD_SWITCH(domain_spec, smm, "features.smm", "System management mode, for secure boot.", OTHERWISE("off")),
    KEPT_STRUCT(features_type, "features", "Features of the machine."),
    KEPT_STRUCT(clock_type, "clock", "Clock and timers."),
    KEPT_STRING("ioThreadsPolicy", "How disks share I/O threads."),
    KEPT_INT("ioThreads.supplementalPoolThreadCount", "I/O threads of a pool."),
    KEPT_STRING("rebootPolicy", "What a reboot inside the guest does."),
    FIELD_KEPT("chassis", "The chassis in SMBIOS."),
    KEPT_STRING("chassis.manufacturer", "Its maker."),
    KEPT_STRING("chassis.version", "Its version."),
    KEPT_STRING("chassis.serial", "Its serial number."),
    KEPT_STRING("chassis.asset", "Its asset tag."),
    KEPT_STRING("chassis.sku", "Its stock number."),
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
    KEPT_BOOL("devices.useVirtioTransitional", "Devices speak virtio 0.9 too."),
    KEPT_BOOL("devices.disableHotplug", "Nothing is plugged in while the guest runs."),
    KEPT_BOOL("devices.autoattachInputDevice", "The guest has a tablet."),
    KEPT_BOOL("devices.autoattachVSOCK", "The guest has a VSOCK device."),
    KEPT_BOOL("devices.blockMultiQueue", "Disks have a queue for each virtual CPU."),
    KEPT_BOOL("devices.networkInterfaceMultiqueue", "Network cards have a queue for each virtual CPU."),
    KEPT_LIST(gpu_type, "devices.gpus", "GPUs of the node."),
    KEPT_LIST(host_device_type, "devices.hostDevices", "Devices of the node."),
    KEPT_LIST(input_type, "devices.inputs", "Input devices."),
    KEPT_LIST(filesystem_type, "devices.filesystems", "Volumes that the guest mounts."),
    KEPT_LIST(panic_device_type, "devices.panicDevices", "Devices that tell of a guest's crash."),
    KEPT_PRESENT("devices.downwardMetrics", "Figures of the node for the guest."),
    KEPT_PRESENT("devices.clientPassthrough", "USB devices of whoever looks at the screen."),
    FIELD_KEPT("devices.sound", "Sound card.", RULES(sound_rules)),
    KEPT_STRING("devices.sound.name", "Its name."),
    KEPT_STRING("devices.sound.model", "ich9 or ac97."),
    FIELD_KEPT("devices.tpm", "Trusted platform module."),
    KEPT_BOOL("devices.tpm.enabled", "On or off."),
    KEPT_BOOL("devices.tpm.persistent", "Its state outlives the guest's runs."),
    FIELD_KEPT("devices.video", "The screen's card."),
    KEPT_STRING("devices.video.type", "Its type."),
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

/* A probe goes into the pod as it is; the port is read beside, because it is let in. */
static const struct field http_header_fields[] = {
    KEPT_STRING("name", "Name of the header.", NEEDED),
    KEPT_STRING("value", "Its value.", NEEDED),
    FIELD_END,
};
static const struct type http_header_type = KEPT_TYPE(http_header_fields);

static const struct field probe_fields[] = {
    FIELD_JSON(probe, raw, "", "The probe as it was written."),
    FIELD_PRESENT(probe, http_get, "httpGet", "The guest answers HTTP.", .shadow = true),
    FIELD_PRESENT(probe, tcp_socket, "tcpSocket", "The guest accepts a connection.", .shadow = true),
    FIELD_OPT_INT(probe, http_port, "httpGet.port", "Port that is asked.", .shadow = true),
    FIELD_OPT_INT(probe, http_port, "tcpSocket.port", "Port that is connected to.", .shadow = true),
    FIELD_KEPT("httpGet", "The guest answers HTTP."),
    KEPT_PORT("httpGet.port", "Port that is asked.", NEEDED),
    KEPT_STRING("httpGet.host", "Host that is asked."),
    KEPT_STRING("httpGet.path", "Path that is asked for."),
    KEPT_STRING("httpGet.scheme", "HTTP or HTTPS."),
    KEPT_LIST(http_header_type, "httpGet.httpHeaders", "Headers of the request."),
    FIELD_KEPT("tcpSocket", "The guest accepts a connection."),
    KEPT_PORT("tcpSocket.port", "Port that is connected to.", NEEDED),
    KEPT_STRING("tcpSocket.host", "Host that is connected to."),
    KEPT_STRINGS("exec.command", "A command inside the guest."),
    KEPT_PRESENT("guestAgentPing", "The guest agent answers."),
    KEPT_INT("initialDelaySeconds", "Seconds before the first probe."),
    KEPT_INT("timeoutSeconds", "Seconds that one may take."),
    KEPT_INT("periodSeconds", "Seconds between two."),
    KEPT_INT("successThreshold", "How many in a row are a success."),
    KEPT_INT("failureThreshold", "How many in a row are a failure."),
    FIELD_END,
};
static const struct cel_rule probe_rules[] = {
    {"[has(self.httpGet), has(self.tcpSocket), has(self.exec), has(self.guestAgentPing)].filter(b, b).size() == 1",
     "must have exactly one probe type set", NULL},
    {NULL, NULL, NULL},
};
const struct type probe_type = TYPE(probe, probe_fields, .cel = probe_rules);

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
/* Without the domain, which is 0000 or left out. */
#define PCI_PLACES(l, has, at)                                                                      \
    "(has(" l ") ? " l ".filter(d, " has " && " at " != '').map(d, (" at ".matches('^0000:') ? " at \
    ".substring(5) : " at ").lowerAscii()) : [])"
#define ALL_PCI_PLACES                                             \
    "(" PCI_PLACES(DISKS, "has(d.disk) && has(d.disk.pciAddress)", \
                   "d.disk.pciAddress") " + " PCI_PLACES(INTERFACES, "has(d.pciAddress)", "d.pciAddress") ")"
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
    {ALL_PCI_PLACES ".all(p, " ALL_PCI_PLACES ".exists_one(q, q == p))",
     "pciAddress: two devices cannot have the same PCI address"},
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

static const struct field resource_claim_fields[] = {
    KEPT_STRING("name", "Name of the claim in this spec.", NEEDED),
    KEPT_STRING("resourceClaimName", "Claim in the same namespace."),
    KEPT_STRING("resourceClaimTemplateName", "Template that a claim is made from."),
    FIELD_END,
};
static const struct type resource_claim_type = KEPT_TYPE(resource_claim_fields);

static const struct field utility_volume_fields[] = {
    KEPT_STRING("name", "Name of the volume.", NEEDED),
    KEPT_STRING("claimName", "Claim in the same namespace.", NEEDED),
    KEPT_BOOL("readOnly", "It is mounted read-only."),
    KEPT_STRING("type", "What it is for: MemoryDump or Backup."),
    FIELD_END,
};
static const struct type utility_volume_type = KEPT_TYPE(utility_volume_fields);

static const struct field access_credential_fields[] = {
    FIELD_KEPT("sshPublicKey", "Keys that may log in."),
    KEPT_STRING("sshPublicKey.source.secret.secretName", "Secret that holds them.", NEEDED),
    KEPT_PRESENT("sshPublicKey.propagationMethod.configDrive", "By a config drive."),
    KEPT_PRESENT("sshPublicKey.propagationMethod.noCloud", "By cloud-init's NoCloud disk."),
    KEPT_STRINGS("sshPublicKey.propagationMethod.qemuGuestAgent.users", "By the guest agent, for these users.", NEEDED),
    FIELD_KEPT("userPassword", "Passwords of users."),
    KEPT_STRING("userPassword.source.secret.secretName", "Secret that holds them.", NEEDED),
    KEPT_PRESENT("userPassword.propagationMethod.qemuGuestAgent", "By the guest agent."),
    FIELD_END,
};
static const struct type access_credential_type = KEPT_TYPE(access_credential_fields);

static const struct field spec_fields[] = {
    FIELD_JSON(vmi_spec, json, "", "The spec as it was written.", .shadow = true),
    FIELD_STRUCT(vmi_spec, domain, domain_spec, domain_type, "domain", "The machine.", REQUIRED),
    FIELD_LIST(vmi_spec, networks, network_list, network_type, "networks", "Networks that interfaces are plugged into.",
               MAX_ITEMS(32)),
    FIELD_LIST(vmi_spec, volumes, volume_list, volume_type, "volumes", "What is behind the disks.", MAX_ITEMS(256)),
    FIELD_MAP(vmi_spec, node_selector, "nodeSelector", "Labels of the nodes that may run the guest."),
    FIELD_JSON(vmi_spec, affinity, "affinity", "Affinity of the pod.", OF(affinity_type)),
    FIELD_JSON(vmi_spec, tolerations, "tolerations", "Tolerations of the pod.", .list = true, OF(toleration_type)),
    FIELD_JSON(vmi_spec, topology_spread_constraints, "topologySpreadConstraints", "How pods are spread.", .list = true,
               OF(topology_spread_type)),
    FIELD_JSON(vmi_spec, dns_config, "dnsConfig", "DNS servers and search paths.", OF(dns_config_type)),
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
    KEPT_STRING("serviceAccountName", "ServiceAccount of the pod."),
    KEPT_LIST(resource_claim_type, "resourceClaims", "Device claims of the pod."),
    KEPT_LIST(utility_volume_type, "utilityVolumes", "Volumes that the guest does not see."),
    KEPT_LIST(access_credential_type, "accessCredentials", "Keys and passwords of the guest's users."),
    FIELD_END,
};
const struct type vmi_spec_type = TYPE(vmi_spec, spec_fields, .cel = spec_rules);
