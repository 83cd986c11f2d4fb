// Filling what a spec leaves out. Pure: what is decided here is a function of the spec and the options.
#include "api/kinds/defaults.h"

static void default_memory(struct domain_spec *d);
static void default_cpu(struct domain_spec *d);
static void default_firmware(struct domain_spec *d);
static void default_inputs(struct domain_spec *d, struct arena *a);
static void default_disks(struct vmi_spec *s, struct arena *a);
static void default_target(struct disk *d, struct arena *a);
static void default_interfaces(struct vmi_spec *s, struct arena *a, const struct default_options *options);
static void default_volumes(struct volume_list *l, const struct default_options *options);
static void default_kernel(const struct kernel_boot *k, const struct default_options *options);

void
vmi_spec_default(struct vmi_spec *s, struct arena *a, const struct default_options *options)
{
    default_memory(&s->domain);
    default_cpu(&s->domain);
    if (s->domain.features.acpi == TRI_UNSET) {
        s->domain.features.acpi = TRI_TRUE;
    }
    if (!s->termination_grace_period_s.set) {
        s->termination_grace_period_s = (struct opt_int){.set = true, .v = DEFAULT_GRACE_S};
    }
    if (str_empty(s->hostname)) {
        s->hostname = arena_strdup(a, options->name);
    }
    if (str_empty(s->architecture)) {
        s->architecture = "amd64";
    }
    default_firmware(&s->domain);
    default_inputs(&s->domain, a);
    default_disks(s, a);
    default_interfaces(s, a, options);
    default_volumes(&s->volumes, options);
    default_kernel(s->domain.firmware.kernel_boot, options);
}

int64_t
vmi_vcpus(const struct vmi_spec *s)
{
    const struct cpu *c = &s->domain.cpu;
    int64_t cores = c->cores.set && c->cores.v > 0 ? c->cores.v : 1;
    int64_t sockets = c->sockets.set && c->sockets.v > 0 ? c->sockets.v : 1;
    int64_t threads = c->threads.set && c->threads.v > 0 ? c->threads.v : 1;

    return cores * sockets * threads;
}

static void
default_memory(struct domain_spec *d)
{
    const struct hugepages *huge = d->memory.hugepages;

    if (!d->memory.guest.text) {
        d->memory.guest = d->resources.requests_memory.text ? d->resources.requests_memory : d->resources.limits_memory;
    }
    if (!d->memory.guest.text && huge) {
        d->memory.guest = huge->page_size;
    }
}

/* Sockets come from the CPU limit or request only when the spec says nothing about the topology. */
static void
default_cpu(struct domain_spec *d)
{
    const struct quantity *q = d->resources.limits_cpu.text ? &d->resources.limits_cpu : &d->resources.requests_cpu;
    struct opt_int *parts[] = {&d->cpu.cores, &d->cpu.sockets, &d->cpu.threads};
    bool said = false;

    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        said = said || (parts[i]->set && parts[i]->v > 0);
    }
    if (!said && q->text && q->value > 0) {
        d->cpu.sockets = (struct opt_int){.set = true, .v = q->value};
    }
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (!parts[i]->set || parts[i]->v == 0) {
            *parts[i] = (struct opt_int){.set = true, .v = 1};
        }
    }
}

/* virt-v2v asks for UEFI by persistent: true alone; without SMM no secure boot can be meant. */
static void
default_firmware(struct domain_spec *d)
{
    struct efi *efi = d->firmware.bootloader ? d->firmware.bootloader->efi : NULL;

    if (efi && efi->secure_boot == TRI_UNSET && efi->persistent == TRI_TRUE && d->features.smm != TRI_TRUE) {
        efi->secure_boot = TRI_FALSE;
    }
}

static void
default_inputs(struct domain_spec *d, struct arena *a)
{
    if (d->autoattach_input_device == TRI_TRUE && d->inputs.n == 0) {
        d->inputs = (struct input_list){.items = ARENA_NEW(a, struct input), .n = 1};
        d->inputs.items[0] = (struct input){.name = "default-0", .type = "tablet"};
    }
    for (size_t i = 0; i < d->inputs.n; i++) {
        struct input *input = &d->inputs.items[i];
        input->bus = input->bus == INPUT_BUS_UNSET ? INPUT_BUS_USB : input->bus;
    }
}

static bool
has_disk(const struct disk_list *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++) {
        if (str_eq(l->items[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* What is there for the firmware alone gets no disk, unless it is asked for. */
static bool
is_for_firmware(const struct vmi_spec *s, const char *volume)
{
    const struct acpi_tables *t = s->domain.firmware.acpi;

    return t && (str_eq(t->slic, volume) || str_eq(t->msdm, volume));
}

static void
default_disks(struct vmi_spec *s, struct arena *a)
{
    struct disk_list *l = &s->domain.disks;
    struct disk *disks = ARENA_NEW_N(a, struct disk, l->n + s->volumes.n);

    for (size_t i = 0; i < l->n; i++) {
        disks[i] = l->items[i];
    }
    l->items = disks;
    for (size_t i = 0; i < s->volumes.n; i++) {
        if (!has_disk(l, s->volumes.items[i].name) && !is_for_firmware(s, s->volumes.items[i].name)) {
            disks[l->n++] = (struct disk){.name = s->volumes.items[i].name};
        }
    }
    for (size_t i = 0; i < l->n; i++) {
        default_target(&disks[i], a);
    }
}

static void
default_target(struct disk *d, struct arena *a)
{
    if (!d->disk && !d->lun && !d->cdrom) {
        d->disk = ARENA_NEW(a, struct disk_target);
    }
    struct disk_target *t = d->disk ? d->disk : d->lun ? d->lun : d->cdrom;
    if (t->bus == DISK_BUS_UNSET) {
        t->bus = d->lun ? DISK_BUS_SCSI : DISK_BUS_SATA;
    }
    if (d->cdrom && t->readonly == TRI_UNSET) {
        t->readonly = TRI_TRUE;
    }
    if (d->cdrom && t->tray == TRAY_UNSET) {
        t->tray = TRAY_CLOSED;
    }
    if (d->error_policy == DISK_ERROR_UNSET) {
        d->error_policy = DISK_ERROR_STOP;
    }
}

/* A guest that names neither interfaces nor networks gets one on the pod network, unless it refuses. */
static void
default_interfaces(struct vmi_spec *s, struct arena *a, const struct default_options *options)
{
    struct interface_list *l = &s->domain.interfaces;
    bool masquerade = str_eq(options->network_interface, "masquerade");

    if (l->n == 0 && s->networks.n == 0 && s->domain.autoattach_pod_interface != TRI_FALSE) {
        *l = (struct interface_list){.items = ARENA_NEW(a, struct interface), .n = 1};
        l->items[0].name = DEFAULT_NETWORK;
        s->networks = (struct network_list){.items = ARENA_NEW(a, struct network), .n = 1};
        s->networks.items[0] = (struct network){.name = DEFAULT_NETWORK, .pod = ARENA_NEW(a, struct network_pod)};
    }
    for (size_t i = 0; i < s->networks.n; i++) { /* a converter's network without a type */
        struct network *net = &s->networks.items[i];
        if (!net->pod && !net->multus && !net->resource_claim) {
            net->pod = ARENA_NEW(a, struct network_pod);
        }
    }
    for (size_t i = 0; i < l->n; i++) {
        struct interface *nic = &l->items[i];
        if (!nic->masquerade && !nic->bridge && !nic->other_binding) {
            nic->masquerade = masquerade;
            nic->bridge = !masquerade;
        }
        if (str_empty(nic->model)) {
            nic->model = "virtio";
        }
        for (size_t k = 0; k < nic->ports.n; k++) {
            struct port *p = &nic->ports.items[k];
            p->protocol = p->protocol == PROTOCOL_UNSET ? PROTOCOL_TCP : p->protocol;
        }
    }
}

/* The tag is what stands after the last colon that no slash follows; a digest pins the image. */
static bool
is_latest(const char *image)
{
    const char *slash = strrchr(image, '/');
    const char *tag = strrchr(slash ? slash : image, ':');

    return !strchr(image, '@') && (!tag || strcmp(tag, ":latest") == 0);
}

static enum pull_policy
default_policy(const char *image, const struct default_options *options)
{
    if (options->disk_pull_policy != PULL_UNSET) {
        return options->disk_pull_policy;
    }
    return is_latest(image) ? PULL_ALWAYS : PULL_IF_NOT_PRESENT;
}

static void
default_volumes(struct volume_list *l, const struct default_options *options)
{
    for (size_t i = 0; i < l->n; i++) {
        struct volume_container_disk *c = l->items[i].container_disk;
        if (c && c->image_pull_policy == PULL_UNSET) {
            c->image_pull_policy = default_policy(c->image, options);
        }
    }
}

static void
default_kernel(const struct kernel_boot *k, const struct default_options *options)
{
    struct kernel_container *c = k ? k->container : NULL;

    if (c && c->image && c->image_pull_policy == PULL_UNSET) {
        c->image_pull_policy = default_policy(c->image, options);
    }
}
