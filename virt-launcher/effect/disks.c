// One volume after another; those that need qemu-img come back through the loop.
#include "effect/disks.h"

#include "base/log.h"
#include "effect/child.h"
#include "effect/cloud_init.h"
#include "effect/disk_file.h"
#include "effect/disk_lock.h"
#include "effect/files.h"
#include "effect/volume_files.h"

enum { LOCK_POLL_MS = 200 };

static const struct log lg = {.part = "disks"};

/* An image is a stranger's file: the program that reads it gets little time and memory. */
static const struct child_limits info_limits = {.timeout_ms = 10000, .memory_bytes = UINT64_C(1) << 30, .cpu_s = 5};
static const struct child_limits create_limits = {.timeout_ms = 30000, .memory_bytes = UINT64_C(1) << 30, .cpu_s = 10};

struct disks {
    uv_loop_t *loop;
    const struct instance *instance;
    const struct paths *paths;
    struct arena *arena;
    struct disk_facts *facts;
    size_t n_facts;
    size_t next; /* volume */
    /* the volume that is being made */
    const struct volume *volume;
    char *image;
    const char *image_format;
    int64_t image_size;
    bool is_image_block;
    char *overlay;
    char *overlay_new;
    bool is_waiting; /* for a program, or for who has the disk */
    bool is_first;   /* no guest was started in this pod: who has a disk is another one */
    uv_timer_t lock_poll;
    void (*done)(void *arg, struct disks_result result);
    void *arg;
};

static void disks_run(struct disks *d, struct err *e);
static void on_lock_poll(uv_timer_t *t);
static void on_closed(uv_handle_t *h);
static void on_info(void *arg, struct err *e, const char *out);
static void on_overlay(void *arg, struct err *e, const char *out);

void
disks_prepare(uv_loop_t *loop, const struct instance *i, const struct paths *p, struct arena *a,
              void (*done)(void *arg, struct disks_result result), void *arg)
{
    struct disks *d = XNEW(struct disks);

    *d = (struct disks){.loop = loop, .instance = i, .paths = p, .arena = a, .done = done, .arg = arg};
    d->is_first = !file_exists(p->started_mark);
    BUG_ON(uv_timer_init(loop, &d->lock_poll) != 0);
    d->facts = ARENA_NEW_N(a, struct disk_facts, i->spec.volumes.n);
    disks_run(d, NULL);
}

static const struct disk *
disk_of(const struct instance *i, const char *volume)
{
    const struct disk_list *l = &i->spec.domain.disks;

    for (size_t k = 0; k < l->n; k++) {
        if (str_eq(l->items[k].name, volume)) {
            return &l->items[k];
        }
    }
    return NULL;
}

static enum volume_kind
kind_of(const struct instance *i, const char *volume)
{
    for (size_t k = 0; k < i->volumes.n; k++) {
        if (str_eq(i->volumes.items[k].name, volume)) {
            return i->volumes.items[k].kind;
        }
    }
    return VOLUME_UNSET;
}

/* Measures what the facts name, and adds them. */
static struct err *
facts_add(struct disks *d, struct disk_facts f)
{
    struct err *e = NULL;
    bool is_overlay = f.backing_path != NULL;

    f.volume = d->volume->name;
    if (!is_overlay && str_eq(f.format, "raw")) {
        e = disk_file_size(f.path, f.is_block, &f.size_bytes, &f.is_preallocated);
    }
    f.has_o_direct =
        disk_file_has_o_direct(f.path, f.is_readonly) && (!is_overlay || disk_file_has_o_direct(f.backing_path, true));
    const struct disk *disk = disk_of(d->instance, f.volume);
    if (!e && disk && disk->match_volume == TRI_TRUE) {
        e = disk_file_block_size(f.path, f.is_block, &f.logical_block_bytes, &f.physical_block_bytes);
    }
    if (!e) {
        d->facts[d->n_facts++] = f;
    }
    return e;
}

static struct err *
overlay_use(struct disks *d)
{
    return facts_add(d, (struct disk_facts){.path = d->overlay,
                                            .format = "qcow2",
                                            .backing_path = d->image,
                                            .backing_format = d->image_format,
                                            .is_backing_block = d->is_image_block,
                                            .size_bytes = d->image_size});
}

/* cdroms are read as they are; everything else is written to an overlay that is thrown away with the pod. */
static struct err *
image_use(struct disks *d)
{
    const struct disk *disk = disk_of(d->instance, d->volume->name);

    if (disk && disk->cdrom) {
        return facts_add(d, (struct disk_facts){.path = d->image,
                                                .format = d->image_format,
                                                .size_bytes = d->image_size,
                                                .is_block = d->is_image_block,
                                                .is_readonly = true});
    }
    d->overlay = arena_printf(d->arena, "%s/%s.qcow2", d->paths->data, d->volume->name);
    d->overlay_new = arena_printf(d->arena, "%s.new", d->overlay);
    if (file_exists(d->overlay)) {
        return overlay_use(d);
    }
    d->is_waiting = true;
    const char *const args[] = {"qemu-img",      "create", "-q",     "-f",           "qcow2", "-F",
                                d->image_format, "-b",     d->image, d->overlay_new, NULL};
    return child_run(d->loop, args, &create_limits, on_overlay, d);
}

static struct err *
image_start(struct disks *d)
{
    const struct volume_container_disk *c = d->volume->container_disk;
    AUTO(freep) char *mount = xasprintf("%s/%s", d->paths->disks, d->volume->name);
    bool unused;

    d->is_image_block = false;
    struct err *e = disk_file_in_image(d->arena, mount, c ? c->path : NULL, &d->image);
    if (!e) {
        e = disk_file_format(d->image, &d->image_format);
    }
    if (e) {
        return e;
    }
    if (str_eq(d->image_format, "raw")) {
        e = disk_file_size(d->image, false, &d->image_size, &unused);
        return e ? e : image_use(d);
    }
    d->is_waiting = true;
    const char *const args[] = {"qemu-img", "info", "-f", "qcow2", "--output=json", d->image, NULL};
    return child_run(d->loop, args, &info_limits, on_info, d);
}

/* A claim is what an image is: what lies there is a disk as a guest wrote it, raw. */
static struct err *
ephemeral_start(struct disks *d, bool is_block)
{
    bool unused;

    d->image = is_block ? arena_printf(d->arena, "%s/%s", d->paths->block, d->volume->name)
                        : arena_printf(d->arena, "%s/%s/disk.img", d->paths->disks, d->volume->name);
    d->image_format = "raw";
    d->is_image_block = is_block;
    if (!file_exists(d->image)) {
        return err_new(ERR_INVALID,
                       "ephemeral: the claim has no disk.img, and none is made in a claim that is only read");
    }
    struct err *e = disk_file_size(d->image, is_block, &d->image_size, &unused);
    return e ? e : image_use(d);
}

static void
on_info(void *arg, struct err *e, const char *out)
{
    struct disks *d = arg;

    d->is_waiting = false;
    if (!e) {
        e = disk_file_read_info(out, &d->image_size);
    }
    disks_run(d, e ? e : image_use(d));
}

static void
on_overlay(void *arg, struct err *e, const char *out)
{
    struct disks *d = arg;

    (void)out; /* it is quiet */
    d->is_waiting = false;
    if (!e && rename(d->overlay_new, d->overlay) != 0) {
        e = err_new(ERR_RETRY, "rename %s", d->overlay_new);
    }
    disks_run(d, e ? e : overlay_use(d));
}

/* Guests may have a disk at the same time when it is shareable, or when none of them writes to it: QEMU's locks let them. */
static bool
is_for_one_guest(const struct disk *disk)
{
    return disk && !disk->cdrom && disk->shareable != TRI_TRUE && !(disk->disk && disk->disk->readonly == TRI_TRUE);
}

/* Bytes, 0: not known. */
static int64_t
capacity_of(const struct instance *i, const char *volume)
{
    for (size_t k = 0; k < i->claim_capacities.n; k++) {
        if (str_eq(i->claim_capacities.items[k].name, volume)) {
            return i->claim_capacities.items[k].capacity.value;
        }
    }
    return 0;
}

static struct err *
claim_file_use(struct disks *d, const char *path, const char *dir, bool is_readonly)
{
    int64_t capacity = capacity_of(d->instance, d->volume->name);
    struct err *e = is_readonly ? NULL : disk_file_fill(path, dir, capacity);

    if (!e) {
        e = facts_add(d, (struct disk_facts){.path = path, .format = "raw", .is_readonly = is_readonly});
    }
    if (!e && capacity > 0 && d->facts[d->n_facts - 1].size_bytes > capacity) {
        log_warn(&lg, "the disk is larger than its claim: the storage may end before the disk does",
                 F_STR("volume", d->volume->name), F_I64("disk_bytes", d->facts[d->n_facts - 1].size_bytes),
                 F_I64("claim_bytes", capacity));
    }
    return e;
}

/* While this is the first guest of the pod, and another one has the disk. Comes back by itself. */
static bool
must_wait(struct disks *d, const char *path)
{
    if (d->is_first && is_for_one_guest(disk_of(d->instance, d->volume->name)) && disk_is_locked(path)) {
        if (!uv_is_active((uv_handle_t *)&d->lock_poll)) {
            log_warn(&lg, "another QEMU has the disk, this guest starts when it has ended",
                     F_STR("volume", d->volume->name));
        }
        d->is_waiting = true;
        BUG_ON(uv_timer_start(&d->lock_poll, on_lock_poll, LOCK_POLL_MS, LOCK_POLL_MS) != 0);
        return true;
    }
    uv_timer_stop(&d->lock_poll);
    return false;
}

static struct err *
claim_use(struct disks *d, bool is_block)
{
    const struct volume_pvc *pvc = volume_own_claim(d->volume);
    bool is_readonly = pvc && pvc->read_only == TRI_TRUE;
    char *dir = arena_printf(d->arena, "%s/%s", is_block ? d->paths->block : d->paths->disks, d->volume->name);
    char *path = is_block ? dir : arena_printf(d->arena, "%s/disk.img", dir);

    if (!is_readonly && must_wait(d, path)) {
        return NULL;
    }
    return is_block
               ? facts_add(
                     d, (struct disk_facts){.path = path, .format = "raw", .is_block = true, .is_readonly = is_readonly})
               : claim_file_use(d, path, dir, is_readonly);
}

static struct err *
host_disk_use(struct disks *d)
{
    const struct volume_host_disk *v = d->volume->host_disk;
    const struct disk *disk = disk_of(d->instance, d->volume->name);
    bool is_readonly = disk && (disk->cdrom || (disk->disk && disk->disk->readonly == TRI_TRUE));
    const char *slash = v && v->path ? strrchr(v->path, '/') : NULL;

    if (!slash) {
        return err_new(ERR_INVALID, "hostDisk.path: names no file");
    }
    char *dir = arena_printf(d->arena, "%s/%s", d->paths->disks, d->volume->name);
    char *path = arena_printf(d->arena, "%s%s", dir, slash);
    struct err *e = str_eq(v->type, "DiskOrCreate") ? disk_file_create(path, dir, v->capacity.value) : NULL;
    if (!e) {
        e = disk_file_check_access(path, is_readonly);
    }
    if (e) {
        return err_wrap(e, "hostDisk.path %s", v->path);
    }
    return must_wait(d, path)
               ? NULL
               : facts_add(d, (struct disk_facts){.path = path, .format = "raw", .is_readonly = is_readonly});
}

static struct err *
empty_use(struct disks *d)
{
    const struct volume_empty_disk *v = d->volume->empty_disk;
    char *path = arena_printf(d->arena, "%s/%s.img", d->paths->data, d->volume->name);

    if (!v || v->capacity.value <= 0) {
        return err_new(ERR_INVALID, "emptyDisk.capacity: must say how large the disk is");
    }
    struct err *e = disk_file_make(path, v->capacity.value);
    return e ? e : facts_add(d, (struct disk_facts){.path = path, .format = "raw"});
}

/* A disk that is made of small files, as they are now: it stays as it is while the pod lives. */
static struct err *
iso_use(struct disks *d, bool is_cloud_init)
{
    char *path = arena_printf(d->arena, "%s/%s.iso", d->paths->run, d->volume->name);
    struct err *e = NULL;

    if (!file_exists(path)) {
        e = is_cloud_init ? cloud_init_write(d->instance, d->volume, d->paths->secrets, d->paths->credentials, path)
                          : volume_files_write(d->volume, d->paths->files, path);
    }
    return e ? e : facts_add(d, (struct disk_facts){.path = path, .format = "raw"});
}

/* The same volume once more. */
static void
on_lock_poll(uv_timer_t *t)
{
    struct disks *d = CONTAINER_OF(t, struct disks, lock_poll);

    d->is_waiting = false;
    d->next--;
    disks_run(d, NULL);
}

static void
on_closed(uv_handle_t *h)
{
    free(CONTAINER_OF(h, struct disks, lock_poll));
}

/* Makes one volume; an image sets is_waiting until its programs have ended. */
static struct err *
volume_start(struct disks *d)
{
    switch (kind_of(d->instance, d->volume->name)) {
    case VOLUME_IMAGE:
        return image_start(d);
    case VOLUME_PVC_FILE:
        return claim_use(d, false);
    case VOLUME_PVC_BLOCK:
        return claim_use(d, true);
    case VOLUME_EPHEMERAL_FILE:
        return ephemeral_start(d, false);
    case VOLUME_EPHEMERAL_BLOCK:
        return ephemeral_start(d, true);
    case VOLUME_HOST_DISK:
        return host_disk_use(d);
    case VOLUME_EMPTY_DISK:
        return empty_use(d);
    case VOLUME_CLOUD_INIT:
        return iso_use(d, true);
    case VOLUME_FILES:
        return iso_use(d, false);
    case VOLUME_UNSET:
        break;
    }
    return err_new(ERR_INVALID, "this launcher cannot run volumes of type %s",
                   d->volume->other_source ? d->volume->other_source : "unknown");
}

/* Goes on after a volume whose making ended with 'e', until one has to wait or all are made. */
static void
disks_run(struct disks *d, struct err *e)
{
    const struct volume_list *volumes = &d->instance->spec.volumes;

    while (!e && !d->is_waiting && d->next < volumes->n) {
        d->volume = &volumes->items[d->next++];
        if (disk_of(d->instance, d->volume->name)) {
            e = volume_start(d);
        }
    }
    if (!e && d->is_waiting) {
        return;
    }
    struct disks_result r = {
        .error = err_wrap(e, "volume %s", d->volume ? d->volume->name : ""), .facts = d->facts, .n_facts = d->n_facts};
    d->done(d->arg, r);
    uv_close((uv_handle_t *)&d->lock_poll, on_closed);
}
