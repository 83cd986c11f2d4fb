// Disks: those of the spec, matched with what lies in the pod.
#include "domain/parts/disk.h"

#include "domain/device_alias.h"
#include "domain/parts.h"
#include "domain/parts/cpu_count.h"

static const char serial_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+-";
static const char *const bus_names[] = {"sata", "virtio", "sata", "scsi", "usb"};
static const char *const cache_names[] = {NULL, "none", "writethrough", "writeback"};
static const char *const io_names[] = {NULL, "native", "threads"};
static const char *const error_names[] = {"stop", "stop", "ignore", "report", "enospace"};

enum { SATA_BLOCK_BYTES = 512 };

/* The threads that the next disks get. */
struct io_turn {
    int64_t shared;
    int64_t own;
};

struct letters {
    unsigned vd;
    unsigned sd;
};

static struct err *view_placed_disk(const struct disk *d, const struct domain_view *v, struct disk_view *ret_disk);
static struct err *view_disk(const struct disk *d, const struct domain_facts *f, struct arena *a,
                             struct disk_view *ret_disk);
static struct block_size view_block_size(const struct disk *d, const struct disk_facts *f);
static struct err *view_cache(const struct disk *d, struct disk_view *v);
static void name_target(struct disk_view *v, struct arena *a, struct letters *l);
static const struct disk_facts *facts_find(const struct domain_facts *f, const char *volume);

/* What the rest of the machine must have for this disk. */
static void
ask_for(const struct disk_view *d, struct domain_view *v)
{
    v->needs_scsi = v->needs_scsi || str_eq(d->bus, "scsi");
    v->has_usb_disk = v->has_usb_disk || str_eq(d->bus, "usb");
    if (str_eq(d->bus, "virtio")) {
        pci_slots_add_virtio(&v->pci, d->pci);
    } else {
        pci_slots_want_bus(&v->pci, d->pci);
    }
}

/* Disks share the first threads in turn. */
static void
give_thread(const struct disk *d, const struct io_plan *io, struct io_turn *t, struct disk_view *v)
{
    if (io->n == 0 || io->is_pool || !str_eq(v->bus, "virtio")) {
        return;
    }
    if (d->dedicated_io_thread == TRI_TRUE) {
        v->io_thread = io->n_shared + ++t->own;
    } else {
        v->io_thread = 1 + t->shared++ % io->n_shared;
    }
}

static struct err *
resolve_disks(struct domain_view *v)
{
    const struct disk_list *disks = &v->instance->spec.domain.disks;
    struct disk_view *views = ARENA_NEW_N(v->arena, struct disk_view, disks->n);
    struct letters letters = {0};
    struct io_turn turn = {0};

    if (disks->n > DOMAIN_DISKS_MAX) {
        return err_new(ERR_INVALID, "spec.domain.devices.disks: at most %d", DOMAIN_DISKS_MAX);
    }
    for (size_t k = 0; k < disks->n; k++) {
        struct err *e = view_placed_disk(&disks->items[k], v, &views[k]);
        if (e) {
            return err_wrap(e, "spec.domain.devices.disks[%s]", disks->items[k].name);
        }
        views[k].alias = device_alias(v->arena, disks->items[k].name, k);
        name_target(&views[k], v->arena, &letters);
        give_thread(&disks->items[k], &v->io, &turn, &views[k]);
        ask_for(&views[k], v);
    }
    v->disks = views;
    v->n_disks = disks->n;
    return NULL;
}

static struct err *
view_placed_disk(const struct disk *d, const struct domain_view *v, struct disk_view *ret_disk)
{
    struct err *e = view_disk(d, &v->facts, v->arena, ret_disk);

    ret_disk->model = !e && str_eq(ret_disk->bus, "virtio") ? v->virtio_model : NULL;
    return e ? e : pci_slot_read(v->arena, d->disk ? d->disk->pci_address : NULL, &ret_disk->pci);
}

static struct err *
view_disk(const struct disk *d, const struct domain_facts *f, struct arena *a, struct disk_view *ret_disk)
{
    const struct disk_target *t = d->cdrom ? d->cdrom : d->lun ? d->lun : d->disk;
    enum disk_bus bus = t ? t->bus : DISK_BUS_UNSET;
    struct disk_view v = {
        .facts = facts_find(f, d->name),
        .device = d->cdrom ? "cdrom"
                  : d->lun ? "lun"
                           : "disk",
        .bus = bus_names[bus],
        .error_policy = error_names[d->error_policy],
        .serial = str_empty(d->serial) ? NULL : arena_strdup(a, d->serial),
        .is_shareable = d->shareable == TRI_TRUE,
        .has_discard = !d->cdrom,
        .is_tray_open = d->cdrom && t->tray == TRAY_OPEN,
        .boot_order = d->boot_order.set ? d->boot_order.v : 0,
    };

    if (!v.facts) {
        return err_new(ERR_INVALID, "no volume of that name: add one under spec.volumes");
    }
    if (v.serial && strspn(v.serial, serial_letters) != strlen(v.serial)) {
        return err_new(ERR_INVALID, "serial may hold letters, digits and _ . + - only");
    }
    if (d->cdrom && bus == DISK_BUS_VIRTIO) {
        return err_new(ERR_INVALID, "a cdrom cannot be on bus virtio: use sata or scsi");
    }
    v.is_readonly = v.facts->is_readonly || d->cdrom || (t && t->readonly == TRI_TRUE);
    v.block_size = view_block_size(d, v.facts);
    struct err *e = view_cache(d, &v);
    if (!e) {
        *ret_disk = v;
    }
    return e;
}

static struct block_size
view_block_size(const struct disk *d, const struct disk_facts *f)
{
    bool is_sata = !d->disk || d->disk->bus == DISK_BUS_UNSET || d->disk->bus == DISK_BUS_SATA;

    if (d->block_size) {
        return *d->block_size;
    }
    if (d->match_volume != TRI_TRUE) {
        return (struct block_size){0};
    }
    return (struct block_size){.logical = is_sata ? SATA_BLOCK_BYTES : f->logical_block_bytes,
                               .physical = f->physical_block_bytes};
}

/* The page cache of the host is left out wherever the file system can do that (contract 3.2). */
static struct err *
view_cache(const struct disk *d, struct disk_view *v)
{
    const struct disk_facts *f = v->facts;

    if (d->cache == DISK_CACHE_NONE && !f->has_o_direct) {
        return err_new(ERR_INVALID, "cache none needs O_DIRECT, which the file system under volume %s cannot do",
                       d->name);
    }
    v->cache = cache_names[d->cache] ? cache_names[d->cache] : f->has_o_direct ? "none" : "writethrough";
    v->io = io_names[d->io];
    if (!v->io && str_eq(v->cache, "none") && (f->is_block || f->is_preallocated)) {
        v->io = "native";
    }
    return NULL;
}

/* vda ... vdz, vdaa ...; SATA, SCSI and USB share sd. */
static void
name_target(struct disk_view *v, struct arena *a, struct letters *l)
{
    bool is_virtio = str_eq(v->bus, "virtio");
    unsigned n = is_virtio ? l->vd++ : l->sd++;
    char letters[4] = {0};

    if (n >= 26) {
        letters[0] = (char)('a' + n / 26 - 1);
        letters[1] = (char)('a' + n % 26);
    } else {
        letters[0] = (char)('a' + n);
    }
    v->target = arena_printf(a, "%s%s", is_virtio ? "vd" : "sd", letters);
}

static const struct disk_facts *
facts_find(const struct domain_facts *f, const char *volume)
{
    for (size_t i = 0; i < f->n_disks; i++) {
        if (str_eq(f->disks[i].volume, volume)) {
            return &f->disks[i];
        }
    }
    return NULL;
}

/* What lies under the top image, ended by an empty element: libvirt must never look into a file to find out. */
static void
write_backing(const struct disk_facts *f, struct xml *x)
{
    xml_open(x, "backingStore");
    if (f->backing_path) {
        xml_attr(x, "type", f->is_backing_block ? "block" : "file");
        xml_empty(x, "format", "type", f->backing_format, NULL);
        xml_empty(x, "source", f->is_backing_block ? "dev" : "file", f->backing_path, NULL);
        xml_empty(x, "backingStore", NULL);
    }
    xml_close(x);
}

static void
write_pool(const struct io_plan *io, struct xml *x)
{
    xml_open(x, "iothreads");
    for (int64_t i = 1; i <= io->n; i++) {
        xml_open(x, "iothread");
        xml_attr_int(x, "id", i);
        xml_close(x);
    }
    xml_close(x);
}

static void
write_disk_driver(const struct domain_view *v, const struct disk_view *d, struct xml *x)
{
    bool is_virtio = str_eq(d->bus, "virtio");

    xml_open(x, "driver");
    xml_attr(x, "name", "qemu");
    xml_attr(x, "type", d->facts->format);
    xml_attr(x, "cache", d->cache);
    xml_attr(x, "error_policy", d->error_policy);
    xml_attr(x, "io", d->io);
    xml_attr(x, "discard", d->has_discard ? "unmap" : NULL);
    if (d->io_thread > 0) {
        xml_attr_int(x, "iothread", d->io_thread);
    }
    if (is_virtio && v->instance->spec.domain.block_multi_queue == TRI_TRUE) {
        struct cpu_count cpus = cpu_count_of(&v->instance->spec.domain.cpu);
        xml_attr_int(x, "queues", cpu_count_all(&cpus));
    }
    if (is_virtio && v->io.is_pool) {
        write_pool(&v->io, x);
    }
    xml_close(x);
}

static void
write_block_size(const struct block_size *b, struct xml *x)
{
    if (b->logical <= 0) {
        return;
    }
    xml_open(x, "blockio");
    xml_attr_int(x, "logical_block_size", b->logical);
    xml_attr_int(x, "physical_block_size", b->physical);
    if (b->discard_granularity.set) {
        xml_attr_int(x, "discard_granularity", b->discard_granularity.v);
    }
    xml_close(x);
}

static void
write_disk(const struct domain_view *v, const struct disk_view *d, struct xml *x)
{
    xml_open(x, "disk");
    xml_attr(x, "type", d->facts->is_block ? "block" : "file");
    xml_attr(x, "device", d->device);
    xml_attr(x, "model", d->model);
    write_disk_driver(v, d, x);
    xml_empty(x, "source", d->facts->is_block ? "dev" : "file", d->facts->path, NULL);
    write_backing(d->facts, x);
    xml_empty(x, "target", "dev", d->target, "bus", d->bus, "tray", d->is_tray_open ? "open" : NULL, NULL);
    write_block_size(&d->block_size, x);
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
write_disks(const struct domain_view *v, struct xml *x)
{
    for (size_t i = 0; i < v->n_disks; i++) {
        write_disk(v, &v->disks[i], x);
    }
}

const struct part part_disk = {
    .name = "disk",
    .elements = "disk",
    .is_device = true,
    .about = "Files and block devices as virtio, SATA, SCSI and USB disks and CD-ROMs.",
    .resolve = resolve_disks,
    .write = write_disks,
};
