// Rules over disks.
#include "api/rules/validate_parts.h"

#include "api/rules/boot_order.h"
#include "api/rules/names.h"

enum { SERIAL_MAX = 256, BLOCK_SIZE_MIN = 512, BLOCK_SIZE_MAX = 2097152 };

const struct volume *
volume_find(const struct vmi_spec *s, const char *name)
{
    for (size_t i = 0; i < s->volumes.n; i++) {
        if (str_eq(s->volumes.items[i].name, name)) {
            return &s->volumes.items[i];
        }
    }
    return NULL;
}

static struct err *
check_target(const struct disk *d, size_t i)
{
    const struct disk_target *t = d->disk;

    if (d->cdrom && d->cdrom->bus == DISK_BUS_VIRTIO) {
        return INVALID(
            "domain.devices.disks[%zu].cdrom.bus: Bus type virtio is invalid for CD-ROM device; write sata or scsi", i);
    }
    if (d->lun && d->lun->bus != DISK_BUS_UNSET && d->lun->bus != DISK_BUS_SCSI) {
        return INVALID(
            "domain.devices.disks[%zu].lun: Bus type is invalid for LUN device: QEMU passes SCSI commands on by "
            "scsi alone. Write bus: scsi",
            i);
    }
    if (!t) {
        return NULL;
    }
    if (t->readonly == TRI_TRUE && (t->bus == DISK_BUS_SATA || t->bus == DISK_BUS_UNSET)) {
        return INVALID(
            "domain.devices.disks[%zu].disk: sata hard-disks do not support read-only. Write bus: virtio or scsi, or "
            "cdrom instead of disk",
            i);
    }
    if (!str_empty(t->pci_address) && t->bus != DISK_BUS_VIRTIO) {
        return INVALID("domain.devices.disks[%zu].disk.pciAddress is only possible with bus type virtio", i);
    }
    return NULL;
}

/* QEMU's SATA, SCSI and USB disks are served by the main loop. A disk without bus is on SATA. */
static struct err *
check_io_thread(const struct disk *d, size_t i)
{
    static const char *const names[] = {
        [DISK_BUS_UNSET] = "sata", [DISK_BUS_SATA] = "sata", [DISK_BUS_SCSI] = "scsi", [DISK_BUS_USB] = "usb"};
    const struct disk_target *t = d->cdrom ? d->cdrom : d->lun ? d->lun : d->disk;
    enum disk_bus bus = t ? t->bus : DISK_BUS_UNSET;

    if (d->lun && bus == DISK_BUS_UNSET) {
        bus = DISK_BUS_SCSI;
    }
    return d->dedicated_io_thread == TRI_TRUE && bus != DISK_BUS_VIRTIO
               ? INVALID("domain.devices.disks[%zu].dedicatedIOThread: IOThreads are not supported for disks on a %s "
                         "bus; write bus: virtio",
                         i, names[bus])
               : NULL;
}

static struct err *
check_one_size(int64_t size, size_t i, const char *name)
{
#define OF_BLOCK "domain.devices.disks[%zu].blockSize.custom.%s: "
    if (size < BLOCK_SIZE_MIN) {
        return INVALID(OF_BLOCK "Provided size of %lld is less than the supported minimum size of 512", i, name,
                       (long long)size);
    }
    if (size > BLOCK_SIZE_MAX) {
        return INVALID(OF_BLOCK "Provided size of %lld is greater than the supported maximum size of 2 MiB", i, name,
                       (long long)size);
    }
    return (size & (size - 1)) == 0
               ? NULL
               : INVALID(OF_BLOCK "Provided size of %lld is not a power of 2", i, name, (long long)size);
}

static struct err *
check_sizes(const struct disk *d, size_t i)
{
    const struct block_size *b = d->block_size;
    bool is_sata = !d->disk || d->disk->bus == DISK_BUS_UNSET || d->disk->bus == DISK_BUS_SATA;
    struct err *e = check_one_size(b->logical, i, "logical");

    if (!e) {
        e = check_one_size(b->physical, i, "physical");
    }
    if (e) {
        return e;
    }
    if (b->logical > b->physical) {
        return INVALID("domain.devices.disks[%zu].blockSize.custom.logical: Logical size %lld must be the same or less "
                       "than the physical size of %lld",
                       i, (long long)b->logical, (long long)b->physical);
    }
    if (is_sata && b->logical != BLOCK_SIZE_MIN) {
        return INVALID(
            "domain.devices.disks[%zu].blockSize.custom.logical: Logical block size must be 512 for disks on "
            "a sata bus: write bus: virtio or scsi",
            i);
    }
    return b->discard_granularity.v % b->logical == 0 && b->discard_granularity.v >= 0
               ? NULL
               : INVALID("domain.devices.disks[%zu].blockSize.custom.discardGranularity must be a multiple of the "
                         "logical size",
                         i);
}

static struct err *
check_block_size(const struct disk *d, size_t i)
{
    if (!d->block_size && d->match_volume != TRI_TRUE) {
        return NULL;
    }
    if (d->lun || d->cdrom) {
        return INVALID("domain.devices.disks[%zu].blockSize is of hard disks alone: leave it out, or write disk", i);
    }
    if (d->block_size && d->match_volume == TRI_TRUE) {
        return INVALID("domain.devices.disks[%zu].blockSize: Block size matching can't be enabled together with a "
                       "custom value",
                       i);
    }
    return d->block_size ? check_sizes(d, i) : NULL;
}

static struct err *
check_disk(const struct vmi_spec *s, size_t i)
{
    const struct disk *d = &s->domain.disks.items[i];
    const struct volume *v = volume_find(s, d->name);

    for (size_t k = 0; k < i; k++) {
        if (str_eq(s->domain.disks.items[k].name, d->name)) {
            return INVALID("domain.devices.disks[%zu] and domain.devices.disks[%zu] must not have the same Name.", k, i);
        }
    }
    if (!v) {
        return INVALID("domain.devices.disks[%zu].name '%.63s' not found.", i, d->name);
    }
    if ((d->disk != NULL) + (d->lun != NULL) + (d->cdrom != NULL) > 1) {
        return INVALID("domain.devices.disks[%zu] can only have a single target type defined", i);
    }
    if (d->lun && !volume_own_claim(v)) {
        return INVALID(
            "domain.devices.disks[%zu].lun can only be mapped to a DataVolume or PersistentVolumeClaim volume.", i);
    }
    if (d->serial && strlen(d->serial) > SERIAL_MAX) {
        return INVALID("domain.devices.disks[%zu].serial must be less than or equal to 256 in length, if specified", i);
    }
    if (d->serial && !is_made_of(d->serial, "_.+-")) {
        return INVALID("domain.devices.disks[%zu].serial must be made up of the following characters [A-Za-z0-9_.+-], "
                       "if specified",
                       i);
    }
    struct err *e = check_target(d, i);
    if (!e) {
        e = check_io_thread(d, i);
    }
    if (!e) {
        e = check_block_size(d, i);
    }
    return e ? e : boot_order_check(s, d->boot_order, d, "disks", i);
}

static const struct disk *
disk_of(const struct vmi_spec *s, const char *volume)
{
    for (size_t i = 0; i < s->domain.disks.n; i++) {
        if (str_eq(s->domain.disks.items[i].name, volume)) {
            return &s->domain.disks.items[i];
        }
    }
    return NULL;
}

/* QEMU opens a claim that is mounted read-only for nothing else, and its SATA has no hard disk that is only read. */
static struct err *
check_claim(const struct vmi_spec *s, size_t i)
{
    const struct volume *v = &s->volumes.items[i];
    const struct disk *d = disk_of(s, v->name);
    enum disk_bus bus = d && d->disk ? d->disk->bus : DISK_BUS_UNSET;
    bool is_on_sata = !d || (!d->lun && !d->cdrom && (bus == DISK_BUS_SATA || bus == DISK_BUS_UNSET));

    if (!v->pvc || v->pvc->read_only != TRI_TRUE || !is_on_sata) {
        return NULL;
    }
    return INVALID("volumes[%zu].persistentVolumeClaim.readOnly: sata hard-disks do not support read-only. Write bus: "
                   "virtio or scsi for disk %s, or cdrom instead of disk",
                   i, v->name);
}

void
validate_disks(const struct vmi_spec *s, struct problems *p)
{
    for (size_t i = 0; i < s->domain.disks.n; i++) {
        problems_add(p, check_disk(s, i));
    }
    for (size_t i = 0; i < s->volumes.n; i++) {
        problems_add(p, check_claim(s, i));
    }
}
