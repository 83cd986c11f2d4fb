// Tables of disks, network interfaces and their ports, with the rules that the API server checks at apply.
#include "api/tables.h"

static const struct enum_value bus_names[] = {
    {"virtio", DISK_BUS_VIRTIO}, {"sata", DISK_BUS_SATA}, {"scsi", DISK_BUS_SCSI}, {"usb", DISK_BUS_USB}, {NULL, 0},
};
static const struct enum_value cache_names[] = {
    {"none", DISK_CACHE_NONE},
    {"writethrough", DISK_CACHE_WRITETHROUGH},
    {"writeback", DISK_CACHE_WRITEBACK},
    {NULL, 0},
};
static const struct enum_value io_names[] = {{"native", DISK_IO_NATIVE}, {"threads", DISK_IO_THREADS}, {NULL, 0}};
static const struct enum_value error_policy_names[] = {
    {"stop", DISK_ERROR_STOP},
    {"ignore", DISK_ERROR_IGNORE},
    {"report", DISK_ERROR_REPORT},
    {"enospace", DISK_ERROR_ENOSPACE},
    {NULL, 0},
};
static const struct enum_value tray_names[] = {{"open", TRAY_OPEN}, {"closed", TRAY_CLOSED}, {NULL, 0}};
static const struct enum_value protocol_names[] = {{"TCP", PROTOCOL_TCP}, {"UDP", PROTOCOL_UDP}, {NULL, 0}};

static const struct field target_fields[] = {
    FIELD_ENUM(disk_target, bus, disk_bus, bus_names, "bus", "Bus on which the guest sees the device.", .open = true,
               MAX_LEN(16), OTHERWISE("sata")),
    FIELD_BOOL(disk_target, readonly, "readonly", "The guest cannot write.", OTHERWISE("false; cdrom: true")),
    FIELD_STRING(disk_target, pci_address, "pciAddress", "PCI slot of a virtio device, 0000:81:01.10.", .open = true,
                 MAX_LEN(16)),
    FIELD_ENUM(disk_target, tray, tray_state, tray_names, "tray", "Tray of a CD-ROM.", OTHERWISE("closed")),
    FIELD_END,
};
static const struct type target_type = TYPE(disk_target, target_fields, .keeps_unknown = true);

#define BUS_OK(t) \
    "!has(self." t ") || !has(self." t ".bus) || self." t ".bus in ['', 'virtio', 'sata', 'scsi', 'usb', 'ide']"
#define BUS_TEXT(t) "'is set with an unrecognized bus ' + self." t ".bus + ', must be one of: [virtio sata scsi usb]'"
#define BUS_FALLBACK "is set with an unrecognized bus"

static const struct cel_rule disk_rules[] = {
    {"(has(self.disk) ? 1 : 0) + (has(self.lun) ? 1 : 0) + (has(self.cdrom) ? 1 : 0) <= 1",
     "can only have a single target type defined: disk, lun or cdrom", NULL},
    {CEL_IF("bootOrder", "self.bootOrder > 0"), "must have a boot order > 0, if supplied", NULL},
    {BUS_OK("disk"), BUS_FALLBACK, BUS_TEXT("disk")},
    {BUS_OK("lun"), BUS_FALLBACK, BUS_TEXT("lun")},
    {BUS_OK("cdrom"), BUS_FALLBACK, BUS_TEXT("cdrom")},
    {"!(has(self.disk) && has(self.disk.bus) && self.disk.bus == 'ide') && "
     "!(has(self.lun) && has(self.lun.bus) && self.lun.bus == 'ide') && "
     "!(has(self.cdrom) && has(self.cdrom.bus) && self.cdrom.bus == 'ide')",
     "IDE bus is not supported: write bus: sata", NULL},
    {"!has(self.cdrom) || !has(self.cdrom.bus) || self.cdrom.bus != 'virtio'",
     "Bus type virtio is invalid for CD-ROM device: write sata or scsi", NULL},
    {"!has(self.disk) || !has(self.disk.readonly) || !self.disk.readonly || (has(self.disk.bus) && !(self.disk.bus in "
     "['', 'sata']))",
     "sata hard-disks do not support read-only. Write bus: virtio or scsi, or cdrom instead of disk", NULL},
    {"!has(self.disk) || !has(self.disk.pciAddress) || self.disk.pciAddress == '' || "
     "(has(self.disk.bus) && self.disk.bus == 'virtio')",
     "pciAddress is only possible with bus type virtio", NULL},
    {"!has(self.disk) || !has(self.disk.pciAddress) || self.disk.pciAddress.matches("
     "'^([0-9a-fA-F]{4}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}[.][0-9a-fA-F]+$|^$')",
     "malformed PCI address: write it as 0000:81:01.0", NULL},
    {CEL_IF("serial", "self.serial.size() <= 256"), "serial must be less than or equal to 256 in length, if specified",
     NULL},
    {CEL_IF("serial", "self.serial.matches('^[A-Za-z0-9_.+-]*$')"),
     "serial must be made up of the following characters [A-Za-z0-9_.+-], if specified", NULL},
    {CEL_IF("cache", "self.cache in ['', 'none', 'writethrough', 'writeback']"), "cache has invalid value",
     "'cache has invalid value ' + self.cache"},
    {CEL_IF("io", "self.io in ['', 'native', 'threads']"),
     "Disk IO mode is not supported. Supported modes are: native, threads.",
     "'Disk IO mode for ' + self.io + ' is not supported. Supported modes are: native, threads.'"},
    {CEL_IF("errorPolicy", "self.errorPolicy in ['stop', 'ignore', 'report', 'enospace']"),
     "errorPolicy has invalid value", "'errorPolicy has invalid value ' + self.errorPolicy"},
    {NULL, NULL, NULL, false},
};

static const struct field disk_fields[] = {
    FIELD_STRING(disk, name, "name", "The volume behind it, and its name in messages.", REQUIRED, MAX_LEN(253)),
    FIELD_POINTER(disk, disk, disk_target, target_type, "disk", "A hard disk; what an entry without target is.",
                  OTHERWISE("{}")),
    FIELD_POINTER(disk, lun, disk_target, target_type, "lun", "A raw SCSI device, passed through from a claim."),
    FIELD_POINTER(disk, cdrom, disk_target, target_type, "cdrom", "A CD-ROM drive with the volume as its medium."),
    FIELD_OPT_INT(disk, boot_order, "bootOrder", "Place in the boot sequence, unique in the guest.", .open = true),
    FIELD_STRING(disk, serial, "serial", "Serial number that the guest reads.", .open = true, MAX_LEN(512)),
    FIELD_ENUM(disk, cache, disk_cache, cache_names, "cache", "Host cache mode.", .open = true, MAX_LEN(32),
               OTHERWISE("none where the storage can, else writethrough")),
    FIELD_ENUM(disk, io, disk_io, io_names, "io", "How QEMU reads and writes.", .open = true, MAX_LEN(32),
               OTHERWISE("native on raw storage without host cache, else threads")),
    FIELD_ENUM(disk, error_policy, disk_error_policy, error_policy_names, "errorPolicy",
               "What an I/O error does to the guest.", .open = true, MAX_LEN(32), OTHERWISE("stop")),
    FIELD_BOOL(disk, shareable, "shareable", "Other guests use the same disk; host cache is off."),
    FIELD_BOOL(disk, dedicated_io_thread, "dedicatedIOThread", "The disk has an I/O thread of its own."),
    FIELD_END,
};
const struct type disk_type = TYPE(disk, disk_fields, .list_key = "name", .cel = disk_rules, .keeps_unknown = true);

static const struct cel_rule port_rules[] = {
    {"self.port != 0", "Port field is mandatory.", NULL},
    {"self.port == 0 || (self.port > 0 && self.port < 65536)", "Port field must be in range 0 < x < 65536.", NULL},
    {CEL_IF("protocol", "self.protocol in ['', 'TCP', 'UDP']"), "Unknown protocol, only TCP or UDP allowed", NULL},
    {CEL_IF("name", "self.name.matches('^([a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?)?$')"), "Invalid name of the port",
     "'Invalid name of the port: ' + self.name + ' (at most 15 small letters, digits and dashes)'"},
    {NULL, NULL, NULL, false},
};

static const struct field port_fields[] = {
    FIELD_STRING(port, name, "name", "Name of the port, for Services and probes.", .open = true, MAX_LEN(63)),
    FIELD_ENUM(port, protocol, port_protocol, protocol_names, "protocol", "TCP or UDP.", .open = true, MAX_LEN(16),
               OTHERWISE("TCP")),
    FIELD_INT(port, port, "port", "Number of the port.", REQUIRED, RANGE(1, 65535), .open = true),
    FIELD_END,
};
const struct type port_type = TYPE(port, port_fields, .cel = port_rules, .keeps_unknown = true);

static const struct cel_rule interface_rules[] = {
    {"self.name.matches('^[A-Za-z0-9_-]+$')",
     "Network interface name can only contain alphabetical characters, numbers, dashes (-) or underscores (_)", NULL},
    {"[has(self.masquerade), has(self.bridge), has(self.sriov), has(self.slirp), has(self.macvtap), has(self.passt), "
     "has(self.passtBinding), has(self.binding)].filter(b, b).size() <= 1",
     "logical interface must have exactly one binding method or binding plugin",
     "'logical ' + self.name + ' interface must have exactly one binding method or binding plugin'"},
    {"!has(self.slirp) && !has(self.macvtap) && !has(self.passt)",
     "slirp, macvtap and passt bindings: support has been discontinued since v1.3; write masquerade: {}", NULL},
    {CEL_IF("macAddress", "self.macAddress.matches('^([0-9a-fA-F][02468aceACE]([:-][0-9a-fA-F]{2}){5})?$')"),
     "interface has malformed MAC address",
     "'interface ' + self.name + ' has malformed MAC address (' + self.macAddress + '): six pairs of hexadecimal "
     "digits, unicast'"},
    {CEL_IF("macAddress", "self.macAddress.replace('-', ':') != '02:00:00:00:00:00'"),
     "The requested MAC address is reserved for the in-pod bridge. Please choose another one.", NULL},
    {CEL_IF("model", "self.model in ['', 'virtio', 'e1000', 'e1000e', 'igb', 'ne2k_pci', 'pcnet', 'rtl8139']"),
     "interface uses a model that is not supported.",
     "'interface ' + self.name + ' uses model ' + self.model + ' that is not supported.'"},
    {CEL_IF("pciAddress",
            "self.pciAddress.matches('^([0-9a-fA-F]{4}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}[.][0-9a-fA-F]+$|^$')"),
     "malformed PCI address: write it as 0000:81:01.0", NULL},
    {CEL_IF("bootOrder", "self.bootOrder > 0"), "must have a boot order > 0, if supplied", NULL},
    {CEL_IF("ports", "self.ports.all(p, !has(p.name) || p.name == '' || "
                     "self.ports.exists_one(q, has(q.name) && q.name == p.name))"),
     "Duplicate name of the port", NULL},
    {NULL, NULL, NULL, false},
};

static const char *const binding_keys[] = {"sriov", "slirp", "macvtap", "passt", "passtBinding", "binding", NULL};

static const struct field interface_fields[] = {
    FIELD_STRING(interface, name, "name", "The network that it is plugged into.", REQUIRED, .open = true, MAX_LEN(63)),
    FIELD_STRING(interface, model, "model", "Model of the network card.", .open = true, MAX_LEN(32), OTHERWISE("virtio")),
    FIELD_PRESENT(interface, masquerade, "masquerade", "The guest has a private address behind the pod's."),
    FIELD_PRESENT(interface, bridge, "bridge", "The guest has the pod's address."),
    FIELD_OTHERS(interface, other_binding, binding_keys, "Bindings that are kept and not run yet."),
    FIELD_STRING(interface, mac_address, "macAddress", "Hardware address.", .open = true, MAX_LEN(32),
                 OTHERWISE("derived from namespace, name and interface")),
    FIELD_LIST(interface, ports, port_list, port_type, "ports", "Ports that are let in.", MAX_ITEMS(64), CHANGES(LIVE)),
    FIELD_OPT_INT(interface, boot_order, "bootOrder", "Place in the boot sequence, unique in the guest.", .open = true),
    FIELD_STRING(interface, pci_address, "pciAddress", "PCI slot of the card.", .open = true, MAX_LEN(16)),
    FIELD_STRING(interface, state, "state", "Link state: up, down or absent.", PATTERN("^(up|down|absent)?$"),
                 MAX_LEN(16), OTHERWISE("up")),
    FIELD_END,
};
const struct type interface_type =
    TYPE(interface, interface_fields, .list_key = "name", .cel = interface_rules, .keeps_unknown = true);
