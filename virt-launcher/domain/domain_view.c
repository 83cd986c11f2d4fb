// From instance and facts to the machine as a whole: name, memory, processors, firmware. Disks and networks have files of their own.
#include "domain/domain_view.h"

#include "domain/device_view.h"
#include "domain/pci_slots.h"

enum { GRACE_DEFAULT_S = 30 };

#define BIG_MEMORY_BYTES (INT64_C(2) << 30)

static struct err *view_memory(const struct domain_spec *d, struct domain_view *v);
static struct err *view_cpu(const struct cpu *c, struct domain_view *v);
static void view_cpu_model(const char *model, struct domain_view *v);
static void view_firmware(const struct domain_spec *d, const struct domain_facts *f, struct arena *a,
                          struct domain_view *v);
static void view_features(const struct vmi_spec *s, struct domain_view *v);
static unsigned count_root_ports(const struct domain_view *v);

struct err *
domain_view(const struct instance *i, const struct domain_facts *f, struct arena *a, struct domain_view *ret_view)
{
    struct domain_view v = {
        .name = domain_name(a, i),
        .uid = i->uid,
        .uuid = i->system_uuid,
        .serial = i->spec.domain.firmware.serial,
        .machine = str_empty(i->machine_type) ? "q35" : i->machine_type,
        .is_emulated = i->use_emulation == TRI_TRUE,
        .grace_s = domain_grace_s(i),
        .run_dir = f->run_dir,
        .start_ports = f->start_ports,
    };

    struct err *e = view_memory(&i->spec.domain, &v);
    if (!e) {
        e = view_cpu(&i->spec.domain.cpu, &v);
    }
    if (!e) {
        view_firmware(&i->spec.domain, f, a, &v);
        view_features(&i->spec, &v);
        e = device_view_disks(i, f, a, &v);
    }
    if (!e) {
        e = device_view_nics(i, f, a, &v);
    }
    if (e) {
        return e;
    }
    v.n_root_ports = pci_slot_ports(&v, count_root_ports(&v));
    *ret_view = v;
    return NULL;
}

char *
domain_name(struct arena *a, const struct instance *i)
{
    return arena_printf(a, "%s_%s", i->namespace, i->name);
}

int64_t
domain_grace_s(const struct instance *i)
{
    const struct opt_int *grace = &i->spec.termination_grace_period_s;

    if (!grace->set || grace->v < 0) {
        return GRACE_DEFAULT_S;
    }
    return grace->v < DOMAIN_GRACE_MAX_S ? grace->v : DOMAIN_GRACE_MAX_S;
}

static struct err *
view_memory(const struct domain_spec *d, struct domain_view *v)
{
    v->memory_bytes = d->memory.guest.text ? d->memory.guest.value : d->resources.requests_memory.value;
    if (v->memory_bytes <= 0) {
        return err_new(ERR_INVALID, "spec.domain.memory.guest: must say how much memory the guest has");
    }
    return NULL;
}

static int64_t
at_least_one(const struct opt_int *o)
{
    return o->set && o->v > 0 ? o->v : 1;
}

static struct err *
view_cpu(const struct cpu *c, struct domain_view *v)
{
    v->sockets = at_least_one(&c->sockets);
    v->cores = at_least_one(&c->cores);
    v->threads = at_least_one(&c->threads);
    if (v->sockets > DOMAIN_VCPUS_MAX || v->cores > DOMAIN_VCPUS_MAX || v->threads > DOMAIN_VCPUS_MAX ||
        v->sockets * v->cores * v->threads > DOMAIN_VCPUS_MAX) {
        return err_new(ERR_INVALID, "spec.domain.cpu: sockets times cores times threads must be at most %d",
                       DOMAIN_VCPUS_MAX);
    }
    view_cpu_model(c->model, v);
    return NULL;
}

/* Emulated processors can do what QEMU can do; a host's model would only take away from that. */
static void
view_cpu_model(const char *model, struct domain_view *v)
{
    bool is_host = str_empty(model) || str_eq(model, "host-model") || str_eq(model, "host-passthrough");

    if (!is_host) {
        v->cpu_mode = "custom";
        v->cpu_model = model;
    } else if (v->is_emulated) {
        v->cpu_mode = "maximum";
    } else {
        v->cpu_mode = str_empty(model) ? "host-model" : model;
    }
}

static void
view_firmware(const struct domain_spec *d, const struct domain_facts *f, struct arena *a, struct domain_view *v)
{
    const struct bootloader *b = d->firmware.bootloader;

    v->is_efi = b && b->efi;
    v->is_secure_boot = v->is_efi && b->efi->secure_boot != TRI_FALSE;
    if (v->is_efi) {
        bool is_kept = b->efi->persistent == TRI_TRUE;
        v->nvram = arena_printf(a, "%s/" DOMAIN_NVRAM, is_kept ? f->state_dir : f->run_dir);
    }
    v->is_bios_serial = b && b->bios && b->bios->use_serial == TRI_TRUE;
}

static void
view_features(const struct vmi_spec *s, struct domain_view *v)
{
    const struct domain_spec *d = &s->domain;

    v->has_acpi = d->acpi != TRI_FALSE;
    v->has_serial = d->autoattach_serial_console != TRI_FALSE;
    v->has_serial_log = v->has_serial && d->log_serial_console != TRI_FALSE;
    v->has_graphics = d->autoattach_graphics_device != TRI_FALSE;
    v->has_balloon = d->autoattach_mem_balloon != TRI_FALSE;
    v->has_rng = d->rng;
    v->is_start_paused = s->start_strategy == START_PAUSED;
}

/* As many as the devices need, and free ones for disks and networks that come later: contract 3.1, PCI topology 3. */
static unsigned
count_root_ports(const struct domain_view *v)
{
    unsigned in_use = 1; /* virtio-serial */
    unsigned placeholders = v->n_nics < 4 ? 4 - (unsigned)v->n_nics : 0;
    unsigned wanted = v->memory_bytes > BIG_MEMORY_BYTES ? 16 : 8;
    unsigned least = v->memory_bytes > BIG_MEMORY_BYTES ? 6 : 3;

    for (size_t i = 0; i < v->n_disks; i++) {
        in_use += str_eq(v->disks[i].bus, "virtio");
    }
    in_use += (unsigned)v->n_nics + v->has_scsi + v->has_usb + v->has_balloon + v->has_rng;
    unsigned spare = wanted > in_use + least ? wanted - in_use : least;
    return in_use + (spare > placeholders ? spare : placeholders);
}
