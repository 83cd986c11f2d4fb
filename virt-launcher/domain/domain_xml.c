// The parts of a domain in the order in which they stand in the text.
#include "domain/domain_xml.h"

#include "domain/pci_slots.h"
#include "domain/xml_writer.h"

#define EFI_CODE "/usr/share/OVMF/OVMF_CODE_4M.fd"
#define EFI_CODE_SECURE "/usr/share/OVMF/OVMF_CODE_4M.secboot.fd"
#define EFI_VARS "/usr/share/OVMF/OVMF_VARS_4M.fd"
#define EFI_VARS_SECURE "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"

/* The buffer for translated code: QEMU would take a gigabyte by default and most of it is never touched twice. */
#define TB_CACHE_MIB "32"
#define BALLOON_STATS_S 10
#define VIRTIO_MODEL "virtio-non-transitional"

static void write_identity(const struct domain_view *v, struct xml *x);
static void write_memory(const struct domain_view *v, struct xml *x);
static void write_os(const struct domain_view *v, struct xml *x);
static void write_features(const struct domain_view *v, struct xml *x);
static void write_cpu(const struct domain_view *v, struct xml *x);
static void write_devices(const struct domain_view *v, struct xml *x);
static void write_controllers(const struct domain_view *v, struct xml *x);
static void write_disk(const struct disk_view *d, struct xml *x);
static void write_nic(const struct domain_view *v, const struct nic_view *n, struct xml *x);
static void write_console(const struct domain_view *v, struct xml *x);
static void write_graphics(const struct domain_view *v, struct xml *x);
static void write_others(const struct domain_view *v, struct xml *x);

struct err *
domain_xml(const struct domain_view *v, struct strbuf *out)
{
    struct xml x = XML_INIT(out);

    xml_open(&x, "domain");
    xml_attr(&x, "type", v->is_emulated ? "qemu" : "kvm");
    write_identity(v, &x);
    write_memory(v, &x);
    write_os(v, &x);
    write_features(v, &x);
    write_cpu(v, &x);
    xml_empty(&x, "clock", "offset", "utc", NULL);
    xml_leaf(&x, "on_poweroff", "destroy");
    xml_leaf(&x, "on_reboot", "restart");
    xml_leaf(&x, "on_crash", "destroy");
    write_devices(v, &x);
    xml_close(&x);
    return out->over ? err_new(ERR_INVALID, "the description of the machine is too long") : NULL;
}

/* The words that KubeVirt puts into SMBIOS stay: guests and inventories look for them. */
static void
write_identity(const struct domain_view *v, struct xml *x)
{
    const char *const entries[][2] = {{"manufacturer", "KubeVirt"},
                                      {"product", "None"},
                                      {"serial", v->serial},
                                      {"uuid", v->uuid},
                                      {"family", "KubeVirt"}};

    xml_leaf(x, "name", v->name);
    xml_leaf(x, "uuid", v->uuid);
    xml_open(x, "metadata");
    xml_open(x, "kubevirt");
    xml_attr(x, "xmlns", "http://kubevirt.io");
    xml_leaf(x, "uid", v->uid);
    xml_close(x);
    xml_close(x);
    xml_open(x, "sysinfo");
    xml_attr(x, "type", "smbios");
    xml_open(x, "system");
    for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
        if (str_empty(entries[i][1])) {
            continue;
        }
        xml_open(x, "entry");
        xml_attr(x, "name", entries[i][0]);
        xml_text(x, entries[i][1]);
        xml_close(x);
    }
    xml_close(x);
    xml_close(x);
}

static void
write_memory(const struct domain_view *v, struct xml *x)
{
    char bytes[24];

    (void)snprintf(bytes, sizeof(bytes), "%lld", (long long)v->memory_bytes);
    xml_open(x, "memory");
    xml_attr(x, "unit", "b");
    xml_text(x, bytes);
    xml_close(x);
    if (v->is_memory_shared) {
        xml_open(x, "memoryBacking");
        xml_empty(x, "source", "type", "memfd", NULL);
        xml_empty(x, "access", "mode", "shared", NULL);
        xml_close(x);
    }
    xml_open(x, "vcpu");
    xml_attr(x, "placement", "static");
    int64_t n_vcpus = v->sockets * v->cores * v->threads;
    (void)snprintf(bytes, sizeof(bytes), "%lld", (long long)n_vcpus);
    xml_text(x, bytes);
    xml_close(x);
    if (v->has_io_thread) {
        xml_leaf(x, "iothreads", "1");
    }
}

static void
write_os(const struct domain_view *v, struct xml *x)
{
    xml_open(x, "os");
    xml_open(x, "type");
    xml_attr(x, "arch", "x86_64");
    xml_attr(x, "machine", v->machine);
    xml_text(x, "hvm");
    xml_close(x);
    if (v->is_efi) {
        xml_open(x, "loader");
        xml_attr(x, "readonly", "yes");
        xml_attr(x, "secure", v->is_secure_boot ? "yes" : "no");
        xml_attr(x, "type", "pflash");
        xml_text(x, v->is_secure_boot ? EFI_CODE_SECURE : EFI_CODE);
        xml_close(x);
        xml_open(x, "nvram");
        xml_attr(x, "template", v->is_secure_boot ? EFI_VARS_SECURE : EFI_VARS);
        xml_text(x, v->nvram);
        xml_close(x);
    }
    if (v->is_bios_serial) {
        xml_empty(x, "bios", "useserial", "yes", NULL);
    }
    xml_empty(x, "smbios", "mode", "sysinfo", NULL);
    if (v->is_start_paused) {
        xml_empty(x, "bootmenu", "enable", "yes", "timeout", "10000", NULL);
    }
    xml_close(x);
}

static void
write_features(const struct domain_view *v, struct xml *x)
{
    xml_open(x, "features");
    if (v->has_acpi) {
        xml_empty(x, "acpi", NULL);
    }
    xml_empty(x, "apic", NULL);
    xml_empty(x, "vmport", "state", "off", NULL);
    if (v->is_secure_boot) {
        xml_empty(x, "smm", "state", "on", NULL);
    }
    if (v->is_emulated) {
        xml_open(x, "tcg");
        xml_open(x, "tb-cache");
        xml_attr(x, "unit", "MiB");
        xml_text(x, TB_CACHE_MIB);
        xml_close(x);
        xml_close(x);
    }
    xml_close(x);
}

static void
write_cpu(const struct domain_view *v, struct xml *x)
{
    bool is_custom = v->cpu_model != NULL;

    xml_open(x, "cpu");
    xml_attr(x, "mode", v->cpu_mode);
    if (is_custom) {
        xml_attr(x, "match", "exact");
        xml_attr(x, "check", "none");
        xml_open(x, "model");
        xml_attr(x, "fallback", "allow");
        xml_text(x, v->cpu_model);
        xml_close(x);
    }
    xml_open(x, "topology");
    xml_attr_int(x, "sockets", v->sockets);
    xml_attr_int(x, "cores", v->cores);
    xml_attr_int(x, "threads", v->threads);
    xml_close(x);
    if (is_custom && !v->is_emulated) {
        xml_empty(x, "feature", "policy", "disable", "name", "mpx",
                  NULL); /* gone from newer processors of the same name */
    }
    xml_close(x);
}

static void
write_devices(const struct domain_view *v, struct xml *x)
{
    xml_open(x, "devices");
    xml_leaf(x, "emulator", "/usr/bin/qemu-system-x86_64");
    for (size_t i = 0; i < v->n_disks; i++) {
        write_disk(&v->disks[i], x);
    }
    write_controllers(v, x);
    for (size_t i = 0; i < v->n_nics; i++) {
        write_nic(v, &v->nics[i], x);
    }
    write_console(v, x);
    write_graphics(v, x);
    write_others(v, x);
    xml_close(x);
}

static void
write_controllers(const struct domain_view *v, struct xml *x)
{
    xml_empty(x, "controller", "type", "usb", "index", "0", "model", v->has_usb ? "qemu-xhci" : "none", NULL);
    pci_slot_write_ports(v, x);
    if (v->has_scsi) {
        xml_empty(x, "controller", "type", "scsi", "index", "0", "model", VIRTIO_MODEL, NULL);
    }
    xml_empty(x, "controller", "type", "virtio-serial", "index", "0", "model", VIRTIO_MODEL, NULL);
}

/* What lies under the top image, ended by an empty element: libvirt must never look into a file to find out. */
static void
write_backing(const struct disk_facts *f, struct xml *x)
{
    xml_open(x, "backingStore");
    if (f->backing_path) {
        xml_attr(x, "type", "file");
        xml_empty(x, "format", "type", f->backing_format, NULL);
        xml_empty(x, "source", "file", f->backing_path, NULL);
        xml_empty(x, "backingStore", NULL);
    }
    xml_close(x);
}

static void
write_disk_driver(const struct disk_view *d, struct xml *x)
{
    xml_open(x, "driver");
    xml_attr(x, "name", "qemu");
    xml_attr(x, "type", d->facts->format);
    xml_attr(x, "cache", d->cache);
    xml_attr(x, "error_policy", d->error_policy);
    xml_attr(x, "io", d->io);
    xml_attr(x, "discard", d->has_discard ? "unmap" : NULL);
    xml_attr(x, "iothread", d->has_io_thread ? "1" : NULL);
    xml_close(x);
}

static void
write_disk(const struct disk_view *d, struct xml *x)
{
    xml_open(x, "disk");
    xml_attr(x, "type", d->facts->is_block ? "block" : "file");
    xml_attr(x, "device", d->device);
    xml_attr(x, "model", d->model);
    write_disk_driver(d, x);
    xml_empty(x, "source", d->facts->is_block ? "dev" : "file", d->facts->path, NULL);
    write_backing(d->facts, x);
    xml_empty(x, "target", "dev", d->target, "bus", d->bus, "tray", d->is_tray_open ? "open" : NULL, NULL);
    if (d->is_readonly) {
        xml_empty(x, "readonly", NULL);
    }
    if (d->is_shareable) {
        xml_empty(x, "shareable", NULL);
    }
    xml_leaf(x, "serial", d->serial);
    if (d->boot_order > 0) {
        xml_open(x, "boot");
        xml_attr_int(x, "order", d->boot_order);
        xml_close(x);
    }
    xml_empty(x, "alias", "name", d->alias, NULL);
    pci_slot_write(d->pci, x);
    xml_close(x);
}

static void
write_address(const char *family, const char *address, int64_t prefix, struct xml *x)
{
    if (address) {
        xml_open(x, "ip");
        xml_attr(x, "family", family);
        xml_attr(x, "address", address);
        xml_attr_int(x, "prefix", prefix);
        xml_close(x);
    }
}

static void
write_forwards(const struct port_list *ports, enum port_protocol protocol, struct xml *x)
{
    bool is_open = false;

    for (size_t i = 0; ports && i < ports->n; i++) {
        enum port_protocol p = ports->items[i].protocol == PROTOCOL_UDP ? PROTOCOL_UDP : PROTOCOL_TCP;
        if (p != protocol) {
            continue;
        }
        if (!is_open) {
            xml_open(x, "portForward");
            xml_attr(x, "proto", protocol == PROTOCOL_UDP ? "udp" : "tcp");
            is_open = true;
        }
        xml_open(x, "range");
        xml_attr_int(x, "start", ports->items[i].port);
        xml_close(x);
    }
    if (is_open) {
        xml_close(x);
    }
}

/* Either way libvirt starts passt; what it cannot tell passt stands in the file that our wrapper reads. libvirt knows vhost-user
 * with virtio cards alone. */
static void
write_nic(const struct domain_view *v, const struct nic_view *n, struct xml *x)
{
    AUTO(freep) char *log = xasprintf("%s/%s/%s.log", v->run_dir, DOMAIN_PASST_DIR, n->alias);

    xml_open(x, "interface");
    xml_attr(x, "type", n->is_vhost_user ? "vhostuser" : "user");
    xml_empty(x, "mac", "address", n->mac, NULL);
    xml_empty(x, "source", "dev", "eth0", NULL);
    write_address("ipv4", n->ip4, n->prefix4, x);
    write_address("ipv6", n->ip6, 64, x);
    write_forwards(v->start_ports, PROTOCOL_TCP, x);
    write_forwards(v->start_ports, PROTOCOL_UDP, x);
    xml_empty(x, "model", "type", n->model, NULL);
    if (n->is_down) {
        xml_empty(x, "link", "state", "down", NULL);
    }
    if (n->boot_order > 0) {
        xml_open(x, "boot");
        xml_attr_int(x, "order", n->boot_order);
        xml_close(x);
    }
    xml_empty(x, "backend", "type", "passt", "logFile", log, NULL);
    xml_empty(x, "alias", "name", n->alias, NULL);
    if (n->boot_order == 0) {
        xml_empty(x, "rom", "enabled", "no", NULL);
    }
    pci_slot_write(n->pci, x);
    xml_close(x);
}

/* The socket is free for one interactive client; what the guest prints goes to the log in any case. */
static void
write_console(const struct domain_view *v, struct xml *x)
{
    AUTO(freep) char *agent = xasprintf("%s/%s", v->run_dir, DOMAIN_AGENT_SOCKET);
    AUTO(freep) char *serial = xasprintf("%s/%s", v->run_dir, DOMAIN_SERIAL_SOCKET);
    AUTO(freep) char *log = xasprintf("%s/%s", v->run_dir, DOMAIN_CONSOLE_LOG);

    if (v->has_serial) {
        xml_open(x, "serial");
        xml_attr(x, "type", "unix");
        xml_empty(x, "source", "mode", "bind", "path", serial, NULL);
        if (v->has_serial_log) {
            xml_empty(x, "log", "file", log, "append", "on", NULL);
        }
        xml_empty(x, "target", "port", "0", NULL);
        xml_close(x);
    }
    xml_open(x, "channel");
    xml_attr(x, "type", "unix");
    xml_empty(x, "source", "mode", "bind", "path", agent, NULL);
    xml_empty(x, "target", "type", "virtio", "name", "org.qemu.guest_agent.0", NULL);
    xml_close(x);
}

static void
write_graphics(const struct domain_view *v, struct xml *x)
{
    AUTO(freep) char *vnc = xasprintf("%s/%s", v->run_dir, DOMAIN_VNC_SOCKET);

    if (v->has_graphics) {
        xml_open(x, "graphics");
        xml_attr(x, "type", "vnc");
        xml_empty(x, "listen", "type", "socket", "socket", vnc, NULL);
        xml_close(x);
    }
    xml_empty(x, "audio", "id", "1", "type", "none", NULL);
    xml_open(x, "video");
    xml_open(x, "model");
    if (!v->has_graphics) {
        xml_attr(x, "type", "none");
    } else if (v->is_efi) {
        xml_attr(x, "type", "bochs");
        xml_attr(x, "heads", "1");
    } else {
        xml_attr(x, "type", "vga");
        xml_attr(x, "vram", "16384");
        xml_attr(x, "heads", "1");
    }
    xml_close(x);
    xml_close(x);
}

static void
write_others(const struct domain_view *v, struct xml *x)
{
    xml_open(x, "memballoon");
    xml_attr(x, "model", v->has_balloon ? VIRTIO_MODEL : "none");
    if (v->has_balloon) {
        xml_attr(x, "freePageReporting", "on");
        xml_open(x, "stats");
        xml_attr_int(x, "period", BALLOON_STATS_S);
        xml_close(x);
    }
    xml_close(x);
    if (v->has_rng) {
        xml_open(x, "rng");
        xml_attr(x, "model", VIRTIO_MODEL);
        xml_open(x, "backend");
        xml_attr(x, "model", "random");
        xml_text(x, "/dev/urandom");
        xml_close(x);
        xml_close(x);
    }
}
