// What this version cannot run: refused with the field and the way out where leaving it out would change the machine,
// listed as ignored where it would not.
#include "api/validate_priv.h"

enum { IGNORED_MAX = 32 };

/* A field that has no member in the structs, or one that nothing acts on yet. "[]" walks all items of a list. */
struct unsupported {
    const char *path;
    const char *way_out; /* NULL: ignored, and listed in status */
};

static const struct unsupported rows[] = {
    {"domain.cpu.dedicatedCpuPlacement", "leave it out: virtual CPUs share the node's"},
    {"domain.cpu.isolateEmulatorThread", "leave it out"},
    {"domain.cpu.numa", "leave it out"},
    {"domain.cpu.realtime", "leave it out"},
    {"domain.cpu.features", "leave it out, or name a cpu.model that has the features"},
    {"domain.memory.hugepages", "leave it out and write memory.guest"},
    {"domain.launchSecurity", "leave it out"},
    {"domain.chassis", "leave it out"},
    {"domain.firmware.kernelBoot", "boot from a disk"},
    {"domain.firmware.acpi", "leave it out"},
    {"domain.clock.timezone", "leave it out: the guest's clock is UTC"},
    {"domain.clock.utc.offsetSeconds", "leave it out: the guest's clock is UTC"},
    {"domain.features.hyperv", "leave it out"},
    {"domain.features.hypervPassthrough", "leave it out"},
    {"domain.features.kvm", "leave it out"},
    {"domain.features.pvspinlock", "leave it out"},
    {"domain.devices.gpus", "leave it out"},
    {"domain.devices.hostDevices", "leave it out"},
    {"domain.devices.filesystems", "use a disk, or a network file system inside the guest"},
    {"domain.devices.inputs", "leave it out"},
    {"domain.devices.tpm", "leave it out, or write tpm.enabled: false"},
    {"domain.devices.watchdog", "leave it out"},
    {"domain.devices.video", "leave it out: the screen is vga"},
    {"domain.devices.downwardMetrics", "leave it out"},
    {"domain.devices.panicDevices", "leave it out"},
    {"domain.devices.clientPassthrough", "leave it out"},
    {"domain.devices.autoattachVSOCK", "leave it out"},
    {"domain.devices.autoattachInputDevice", "leave it out"},
    {"domain.devices.useVirtioTransitional", "leave it out: devices are modern virtio"},
    {"domain.devices.disks[].blockSize", "leave it out"},
    {"domain.devices.disks[].lun.reservation", "leave it out"},
    {"domain.devices.disks[].lun.pciAddress", "leave it out: only disks on virtio have a slot of their own"},
    {"domain.devices.disks[].cdrom.pciAddress", "leave it out: only disks on virtio have a slot of their own"},
    {"domain.devices.interfaces[].dhcpOptions", "leave it out"},
    {"domain.devices.interfaces[].acpiIndex", "leave it out"},
    {"domain.devices.interfaces[].portRanges", "name the ports one by one under ports"},
    {"accessCredentials", "put the keys into cloud-init user data"},
    {"resourceClaims", "leave it out"},
    {"utilityVolumes", "leave it out"},
    {"livenessProbe.exec", "use httpGet or tcpSocket"},
    {"livenessProbe.guestAgentPing", "use httpGet or tcpSocket"},
    {"readinessProbe.exec", "use httpGet or tcpSocket"},
    {"readinessProbe.guestAgentPing", "use httpGet or tcpSocket"},
    {"domain.resources.overcommitGuestOverhead", NULL},
    {"domain.resources.features", NULL},
    {"domain.resources.clock", NULL},
    {"domain.cpu.thread", NULL},
    {"domain.cpu.maxSockets", NULL},
    {"domain.memory.maxGuest", NULL},
    {"domain.memory.reservedOverhead", NULL},
    {"domain.clock.timer", NULL},
    {"domain.features.apic", NULL},
    {"domain.features.pae", NULL},
    {"domain.ioThreadsPolicy", NULL},
    {"domain.ioThreads", NULL},
    {"domain.rebootPolicy", NULL},
    {"domain.devices.blockMultiQueue", NULL},
    {"domain.devices.networkInterfaceMultiqueue", NULL},
    {"domain.devices.disableHotplug", NULL},
    {"domain.devices.sound", NULL},
    {"domain.devices.disks[].dedicatedIOThread", NULL},
    {"domain.devices.disks[].tag", NULL},
    {"domain.devices.disks[].changedBlockTracking", NULL},
    {"domain.devices.interfaces[].tag", NULL},
    {"serviceAccountName", NULL},
};

struct found {
    struct arena *arena;
    const char *at; /* path with indexes, of the first one */
};

/* False, null, "", an empty list and {"enabled": false} ask for nothing. */
static bool
is_wished(const json_t *j)
{
    const json_t *enabled = json_object_get(j, "enabled");

    return j && !json_is_null(j) && !json_is_false(j) && !(json_is_string(j) && json_string_length(j) == 0) &&
           !(json_is_array(j) && json_array_size(j) == 0) && !json_is_false(enabled);
}

/* Whether something is wished at 'path' below 'j'; at most one "[]" in it. */
static bool
wished_at(const json_t *j, const char *path, const char *done, struct found *f)
{
    char key[64];

    while (*path) {
        size_t len = strcspn(path, ".[");
        BUG_ON(len >= sizeof(key));
        memcpy(key, path, len);
        key[len] = '\0';
        done = arena_printf(f->arena, "%s%s%s", done, *done ? "." : "", key);
        j = json_object_get(j, key);
        path += len;
        if (*path == '[') {
            break;
        }
        path += *path == '.';
    }
    f->at = done;
    if (!*path) {
        return is_wished(j);
    }
    path += strlen("[].");
    for (size_t i = 0; i < json_array_size(j); i++) {
        const json_t *value = json_array_get(j, i);
        const char *rest = path;
        for (size_t len; value && *rest; rest += len + (rest[len] == '.')) {
            len = strcspn(rest, ".");
            value = json_object_getn(value, rest, len);
        }
        if (is_wished(value)) {
            f->at = arena_printf(f->arena, "%s[%zu].%s", done, i, path);
            return true;
        }
    }
    return false;
}

static struct err *
refuse(const char *at, const char *way_out)
{
    return INVALID("%s is not supported by this version of vmbridge: %s", at, way_out);
}

static struct err *
check_sources(const struct vmi_spec *s, struct arena *a)
{
    for (size_t i = 0; i < s->volumes.n; i++) {
        const struct volume *v = &s->volumes.items[i];
        if (v->other) {
            return refuse(arena_printf(a, "volumes[%zu].%s", i, v->other_source),
                          "use persistentVolumeClaim, containerDisk, cloudInitNoCloud or emptyDisk");
        }
    }
    for (size_t i = 0; i < s->networks.n; i++) {
        const struct network *net = &s->networks.items[i];
        if (net->multus || net->resource_claim) {
            return refuse(arena_printf(a, "networks[%zu].%s", i, net->multus ? "multus" : "resourceClaim"),
                          "use pod: {}");
        }
    }
    for (size_t i = 0; i < s->domain.interfaces.n; i++) {
        const struct interface *nic = &s->domain.interfaces.items[i];
        const char *key = json_object_iter_key(json_object_iter((json_t *)(uintptr_t)nic->other_binding));
        if (key) {
            return refuse(arena_printf(a, "domain.devices.interfaces[%zu].%s", i, key),
                          "use masquerade: {} or bridge: {}");
        }
        if (str_eq(nic->state, "absent")) {
            return refuse(arena_printf(a, "domain.devices.interfaces[%zu].state absent", i),
                          "remove the interface and its network");
        }
    }
    return NULL;
}

struct err *
validate_support(const struct vmi_spec *s, struct arena *a)
{
    struct found f = {.arena = a};
    struct err *e = check_sources(s, a);

    for (size_t i = 0; !e && s->json && i < ARRAY_LEN(rows); i++) {
        if (rows[i].way_out && wished_at(s->json, rows[i].path, "", &f)) {
            e = refuse(f.at, rows[i].way_out);
        }
    }
    return e;
}

struct str_list
vmi_spec_ignored(const struct vmi_spec *s, struct arena *a)
{
    struct str_list l = {.items = ARENA_NEW_N(a, const char *, IGNORED_MAX)};
    struct found f = {.arena = a};

    for (size_t i = 0; s->json && i < ARRAY_LEN(rows) && l.n < IGNORED_MAX; i++) {
        if (!rows[i].way_out && wished_at(s->json, rows[i].path, "", &f)) {
            l.items[l.n++] = f.at;
        }
    }
    return l;
}
