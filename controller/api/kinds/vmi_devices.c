// Tables of disks, network interfaces and their ports, with the rules that the API server checks at apply.
#include "api/kinds/tables.h"

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

/* Rules of single values; 'self' is the value. */
static const struct cel_rule boot_order_rules[] = {
    {"self > 0", "must have a boot order > 0, if supplied", NULL},
    {NULL, NULL, NULL},
};
static const struct cel_rule pci_rules[] = {
    {"self.matches('^([0-9a-fA-F]{4}:)?[0-9a-fA-F]{2}:[0-9a-fA-F]{2}[.][0-9a-fA-F]+$|^$')",
     "malformed PCI address: write it as 0000:05:00.0", NULL},
    {"self.matches('^((0000:)?(00:(0[2-9a-fA-F]|1[0-9a-eA-E])|(0[1-9a-fA-F]|1[0-9a-fA-F]):00)[.]0+)?$')",
     "no device can be at this PCI address: write 0000:05:00.0, a bus of 01 to 1f, or 0000:00:05.0, a slot of 02 to 1e",
     NULL},
    {NULL, NULL, NULL},
};
#define BUS_RULES                                                                               \
    {"self in ['', 'virtio', 'sata', 'scsi', 'usb', 'ide']", "is set with an unrecognized bus", \
     "'is set with an unrecognized bus ' + self + ', must be one of: [virtio sata scsi usb]'"}, \
    {                                                                                           \
        "self != 'ide'", "IDE bus is not supported: write bus: sata", NULL                      \
    }
static const struct cel_rule bus_rules[] = {BUS_RULES, {NULL, NULL, NULL}};
static const struct cel_rule cdrom_bus_rules[] = {
    BUS_RULES,
    {"self != 'virtio'", "Bus type virtio is invalid for CD-ROM device: write sata or scsi", NULL},
    {NULL, NULL, NULL},
};
static const struct cel_rule serial_rules[] = {
    {"self.size() <= 256", "serial must be less than or equal to 256 in length, if specified", NULL},
    {"self.matches('^[A-Za-z0-9_.+-]*$')",
     "serial must be made up of the following characters [A-Za-z0-9_.+-], if specified", NULL},
    {NULL, NULL, NULL},
};
static const struct cel_rule cache_rules[] = {
    {"self in ['', 'none', 'writethrough', 'writeback']", "cache has invalid value", "'cache has invalid value ' + self"},
    {NULL, NULL, NULL},
};
static const struct cel_rule io_rules[] = {
    {"self in ['', 'native', 'threads']", "Disk IO mode is not supported. Supported modes are: native, threads.",
     "'Disk IO mode for ' + self + ' is not supported. Supported modes are: native, threads.'"},
    {NULL, NULL, NULL},
};
static const struct cel_rule error_policy_rules[] = {
    {"self in ['stop', 'ignore', 'report', 'enospace']", "errorPolicy has invalid value",
     "'errorPolicy has invalid value ' + self"},
    {NULL, NULL, NULL},
};

#define TARGET_FIELDS(rules, bus_default)                                                                             \
    FIELD_ENUM(disk_target, bus, disk_bus, bus_names, "bus", "Bus on which the guest sees the device.", .open = true, \
               MAX_LEN(16), RULES(rules), OTHERWISE(bus_default)),                                                    \
        FIELD_BOOL(disk_target, readonly, "readonly", "The guest cannot write.", OTHERWISE("false; cdrom: true"))

static const struct cel_rule hard_disk_rules[] = {
    {"!has(self.readonly) || !self.readonly || (has(self.bus) && !(self.bus in ['', 'sata']))",
     "sata hard-disks do not support read-only. Write bus: virtio or scsi, or cdrom instead of disk", NULL},
    {"!has(self.pciAddress) || self.pciAddress == '' || (has(self.bus) && self.bus == 'virtio')",
     "pciAddress is only possible with bus type virtio", NULL},
    {NULL, NULL, NULL},
};
static const struct field hard_disk_fields[] = {
    TARGET_FIELDS(bus_rules, "sata"),
    FIELD_STRING(disk_target, pci_address, "pciAddress",
                 "Where a virtio disk is: 0000:05:00.0, or 0000:00:05.0 on bus 0.", .open = true, MAX_LEN(16),
                 RULES(pci_rules)),
    FIELD_END,
};
static const struct type hard_disk_type = TYPE(disk_target, hard_disk_fields, .cel = hard_disk_rules);

static const struct cel_rule lun_rules[] = {
    {"!has(self.bus) || !(self.bus in ['virtio', 'sata', 'usb'])",
     "Bus type is invalid for LUN device: QEMU passes SCSI commands on by scsi alone. Write bus: scsi", NULL},
    {NULL, NULL, NULL},
};
static const struct field lun_fields[] = {
    TARGET_FIELDS(bus_rules, "scsi"),
    KEPT_BOOL("reservation", "The guest may reserve the device."),
    FIELD_END,
};
static const struct type lun_type = TYPE(disk_target, lun_fields, .cel = lun_rules);

static const struct field cdrom_fields[] = {
    TARGET_FIELDS(cdrom_bus_rules, "sata"),
    FIELD_ENUM(disk_target, tray, tray_state, tray_names, "tray", "Tray of a CD-ROM; open: the medium is out.",
               OTHERWISE("closed"), CHANGES(LIVE)),
    FIELD_END,
};
static const struct type cdrom_type = TYPE(disk_target, cdrom_fields);

#define BLOCK_SIZES "[512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 524288, 1048576, 2097152]"
static const struct cel_rule block_size_rules[] = {
    {"self >= 512", "Provided size is less than the supported minimum size of 512",
     "'Provided size of ' + string(self) + ' is less than the supported minimum size of 512'"},
    {"self <= 2097152", "Provided size is greater than the supported maximum size of 2 MiB",
     "'Provided size of ' + string(self) + ' is greater than the supported maximum size of 2 MiB'"},
    {"self < 512 || self > 2097152 || self in " BLOCK_SIZES, "Provided size is not a power of 2",
     "'Provided size of ' + string(self) + ' is not a power of 2'"},
    {NULL, NULL, NULL},
};
static const struct cel_rule block_sizes_rules[] = {
    {"!has(self.logical) || !has(self.physical) || self.logical <= self.physical",
     "Logical size must be the same or less than the physical size",
     "'Logical size ' + string(self.logical) + ' must be the same or less than the physical size of ' + "
     "string(self.physical)"},
    {"!has(self.logical) || !has(self.discardGranularity) || self.discardGranularity == 0 || self.logical <= 0 || "
     "self.discardGranularity % self.logical == 0",
     "discardGranularity must be a multiple of the logical size", NULL},
    {NULL, NULL, NULL},
};
static const struct field block_size_fields[] = {
    FIELD_INT(block_size, logical, "logical", "Smallest block that the guest may write.", NEEDED, .open = true,
              RULES(block_size_rules)),
    FIELD_INT(block_size, physical, "physical", "Smallest block that is written at once.", NEEDED, .open = true,
              RULES(block_size_rules)),
    FIELD_OPT_INT(block_size, discard_granularity, "discardGranularity", "Smallest block that the guest may give back.",
                  .open = true, OTHERWISE("left to QEMU")),
    FIELD_END,
};
static const struct type block_size_type = TYPE(block_size, block_size_fields, .cel = block_sizes_rules);

/* A disk without bus is on SATA. */
#define ON_SATA \
    "!has(self.lun) && !has(self.cdrom) && (!has(self.disk) || !has(self.disk.bus) || self.disk.bus in ['', 'sata'])"

static const struct cel_rule disk_rules[] = {
    {"!has(self.blockSize) || !has(self.blockSize.custom) || !has(self.blockSize.matchVolume) || "
     "(has(self.blockSize.matchVolume.enabled) && !self.blockSize.matchVolume.enabled)",
     "Block size matching can't be enabled together with a custom value", NULL},
    {"!has(self.blockSize) || !has(self.blockSize.custom) || !has(self.blockSize.custom.logical) || "
     "self.blockSize.custom.logical == 512 || !(" ON_SATA ")",
     "Logical block size must be 512 for disks on a sata bus: write bus: virtio or scsi", NULL},
    {"!has(self.blockSize) || (!has(self.lun) && !has(self.cdrom))",
     "blockSize is of hard disks alone: leave it out, or write disk", NULL},
    {"(has(self.disk) ? 1 : 0) + (has(self.lun) ? 1 : 0) + (has(self.cdrom) ? 1 : 0) <= 1",
     "can only have a single target type defined: disk, lun or cdrom", NULL},
    {"!has(self.dedicatedIOThread) || !self.dedicatedIOThread || (has(self.disk) && has(self.disk.bus) && "
     "self.disk.bus == 'virtio')",
     "IOThreads are not supported for disks on a bus other than virtio",
     "'IOThreads are not supported for disks on a ' + (has(self.disk) && has(self.disk.bus) && self.disk.bus != '' ? "
     "self.disk.bus : has(self.cdrom) && has(self.cdrom.bus) && self.cdrom.bus != '' ? self.cdrom.bus : has(self.lun) "
     "? (has(self.lun.bus) && self.lun.bus != '' ? self.lun.bus : 'scsi') : 'sata') + ' bus; write bus: virtio'"},
    {NULL, NULL, NULL},
};

static const struct field disk_fields[] = {
    FIELD_STRING(disk, name, "name", "The volume behind it, and its name in messages.", REQUIRED, MAX_LEN(253)),
    FIELD_POINTER(disk, disk, disk_target, hard_disk_type, "disk", "A hard disk; what an entry without target is.",
                  OTHERWISE("{}")),
    FIELD_POINTER(disk, lun, disk_target, lun_type, "lun", "A raw SCSI device, passed through from a claim."),
    FIELD_POINTER(disk, cdrom, disk_target, cdrom_type, "cdrom", "A CD-ROM drive with the volume as its medium."),
    FIELD_OPT_INT(disk, boot_order, "bootOrder", "Place in the boot sequence, unique in the guest.", .open = true,
                  RULES(boot_order_rules)),
    FIELD_STRING(disk, serial, "serial", "Serial number that the guest reads.", .open = true, MAX_LEN(512),
                 RULES(serial_rules)),
    FIELD_ENUM(disk, cache, disk_cache, cache_names, "cache", "Host cache mode.", .open = true, MAX_LEN(32),
               OTHERWISE("none where the storage can, else writethrough"), RULES(cache_rules)),
    FIELD_ENUM(disk, io, disk_io, io_names, "io", "How QEMU reads and writes.", .open = true, MAX_LEN(32),
               OTHERWISE("native on raw storage without host cache, else threads"), RULES(io_rules)),
    FIELD_ENUM(disk, error_policy, disk_error_policy, error_policy_names, "errorPolicy",
               "What an I/O error does to the guest.", .open = true, MAX_LEN(32), OTHERWISE("stop"),
               RULES(error_policy_rules)),
    FIELD_BOOL(disk, shareable, "shareable", "Other guests use the same disk; host cache is off."),
    FIELD_BOOL(disk, dedicated_io_thread, "dedicatedIOThread", "The disk has an I/O thread of its own."),
    KEPT_STRING("tag", "Name by which the guest knows it."),
    KEPT_BOOL("changedBlockTracking", "What is written is noted for backups."),
    FIELD_POINTER(disk, block_size, block_size, block_size_type, "blockSize.custom",
                  "Block sizes in bytes, powers of two from 512 to 2097152."),
    FIELD_SWITCH(disk, match_volume, "blockSize.matchVolume", "Block sizes are those of the volume.",
                 OTHERWISE("off; 512 bytes")),
    FIELD_END,
};
const struct type disk_type = TYPE(disk, disk_fields, .list_key = "name", .ordered = true, .cel = disk_rules);

static const struct cel_rule port_rules[] = {
    {"self != 0", "Port field is mandatory.", NULL},
    {"self == 0 || (self > 0 && self < 65536)", "Port field must be in range 0 < x < 65536.", NULL},
    {NULL, NULL, NULL},
};
static const struct cel_rule protocol_rules[] = {
    {"self in ['', 'TCP', 'UDP']", "Unknown protocol, only TCP or UDP allowed", NULL},
    {NULL, NULL, NULL},
};
static const struct cel_rule port_name_rules[] = {
    {"self.matches('^([a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?)?$')", "Invalid name of the port",
     "'Invalid name of the port: ' + self + ' (at most 15 small letters, digits and dashes)'"},
    {NULL, NULL, NULL},
};

static const struct field port_fields[] = {
    FIELD_STRING(port, name, "name", "Name of the port, for Services and probes.", .open = true, MAX_LEN(63),
                 RULES(port_name_rules)),
    FIELD_ENUM(port, protocol, port_protocol, protocol_names, "protocol", "TCP or UDP.", .open = true, MAX_LEN(16),
               OTHERWISE("TCP"), RULES(protocol_rules)),
    FIELD_INT(port, port, "port", "Number of the port.", REQUIRED, RANGE(1, 65535), .open = true, RULES(port_rules)),
    FIELD_END,
};
const struct type port_type = TYPE(port, port_fields);

static const struct cel_rule interface_name_rules[] = {
    {"self.matches('^[A-Za-z0-9_-]+$')",
     "Network interface name can only contain alphabetical characters, numbers, dashes (-) or underscores (_)", NULL},
    {NULL, NULL, NULL},
};
static const struct cel_rule model_rules[] = {
    {"self in ['', 'virtio', 'e1000', 'e1000e', 'igb', 'ne2k_pci', 'pcnet', 'rtl8139']",
     "interface uses a model that is not supported.", "'interface uses model ' + self + ' that is not supported.'"},
    {NULL, NULL, NULL},
};
static const struct cel_rule mac_rules[] = {
    {"self.matches('^([0-9a-fA-F][02468aceACE]([:-][0-9a-fA-F]{2}){5})?$')", "interface has malformed MAC address",
     "'interface has malformed MAC address (' + self + '): six pairs of hexadecimal digits, unicast'"},
    {"!(self in ['02:00:00:00:00:00', '02-00-00-00-00-00'])",
     "The requested MAC address is reserved for the in-pod bridge. Please choose another one.", NULL},
    {NULL, NULL, NULL},
};
static const struct cel_rule acpi_index_rules[] = {
    {"self >= 0 && self < 16384", "acpiIndex must be in range 0 < x < 16384", NULL},
    {NULL, NULL, NULL},
};
static const struct cel_rule interface_rules[] = {
    {"[has(self.masquerade), has(self.bridge), has(self.sriov), has(self.slirp), has(self.macvtap), has(self.passt), "
     "has(self.passtBinding), has(self.binding)].filter(b, b).size() == 1",
     "logical interface must have exactly one binding method or binding plugin",
     "'logical ' + self.name + ' interface must have exactly one binding method or binding plugin'"},
    {"has(self.masquerade) || has(self.bridge) || !has(self.slirp) && !has(self.macvtap) && !has(self.passt)",
     "slirp, macvtap and passt bindings: support has been discontinued since v1.3; write masquerade: {}", NULL},
    {NULL, NULL, NULL},
};
static const struct cel_rule ports_rules[] = {
    {"self.all(p, !has(p.name) || p.name == '' || self.exists_one(q, has(q.name) && q.name == p.name))",
     "Duplicate name of the port", NULL},
    {NULL, NULL, NULL},
};

static const struct field dhcp_option_fields[] = {
    KEPT_INT("option", "Number of the option.", NEEDED),
    KEPT_STRING("value", "Its value.", NEEDED),
    FIELD_END,
};
static const struct type dhcp_option_type = KEPT_TYPE(dhcp_option_fields);

static const struct field interface_fields[] = {
    FIELD_STRING(interface, name, "name", "The network that it is plugged into.", REQUIRED, .open = true, MAX_LEN(63),
                 RULES(interface_name_rules)),
    FIELD_STRING(interface, model, "model", "Model of the network card.", .open = true, MAX_LEN(32),
                 OTHERWISE("virtio"), RULES(model_rules)),
    FIELD_PRESENT(interface, masquerade, "masquerade", "The guest has a private address behind the pod's."),
    FIELD_PRESENT(interface, bridge, "bridge", "The guest has the pod's address."),
    FIELD_OTHERS(interface, other_binding, "Bindings that are kept and not run yet."),
    KEPT_PRESENT("sriov", "A virtual function of the node's network card.", OTHER),
    KEPT_PRESENT("slirp", "KubeVirt has it no more.", OTHER),
    KEPT_PRESENT("macvtap", "KubeVirt has it no more.", OTHER),
    KEPT_PRESENT("passt", "KubeVirt has it no more.", OTHER),
    KEPT_PRESENT("passtBinding", "The guest has the pod's address, by passt.", OTHER),
    KEPT_STRING("binding.name", "A plugin of the administrator.", NEEDED, OTHER),
    FIELD_STRING(interface, mac_address, "macAddress", "Hardware address.", .open = true, MAX_LEN(32),
                 OTHERWISE("derived from namespace, name and interface"), RULES(mac_rules)),
    FIELD_LIST(interface, ports, port_list, port_type, "ports", "Ports that are let in.", MAX_ITEMS(64), CHANGES(LIVE),
               RULES(ports_rules)),
    FIELD_OPT_INT(interface, boot_order, "bootOrder", "Place in the boot sequence, unique in the guest.", .open = true,
                  RULES(boot_order_rules)),
    FIELD_STRING(interface, pci_address, "pciAddress", "Where the card is: 0000:06:00.0, or 0000:00:06.0 on bus 0.",
                 .open = true, MAX_LEN(16), RULES(pci_rules)),
    FIELD_STRING(interface, state, "state", "Link state: up, down or absent.", PATTERN("^(up|down|absent)?$"),
                 MAX_LEN(16), OTHERWISE("up"), CHANGES(LIVE), .not_live = "absent"),
    KEPT_JSON("portRanges", "Ranges of ports that are let in.", .list = true),
    KEPT_STRING("tag", "Name by which the guest knows it."),
    FIELD_INT(interface, acpi_index, "acpiIndex", "Number of the card in ACPI, by which Linux names it: eno<number>.",
              .open = true, OTHERWISE("none"), RULES(acpi_index_rules)),
    FIELD_KEPT("dhcpOptions", "What the guest is told by DHCP."),
    KEPT_STRING("dhcpOptions.bootFileName", "File to boot from."),
    KEPT_STRING("dhcpOptions.tftpServerName", "Server to boot from."),
    KEPT_STRINGS("dhcpOptions.ntpServers", "Time servers."),
    KEPT_LIST(dhcp_option_type, "dhcpOptions.privateOptions", "Options 224 to 254."),
    FIELD_END,
};
const struct type interface_type =
    TYPE(interface, interface_fields, .list_key = "name", .ordered = true, .cel = interface_rules);
