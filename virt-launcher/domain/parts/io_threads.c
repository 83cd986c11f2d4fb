// Threads of QEMU beside its main loop, for disks on virtio. How many there are is KubeVirt's reckoning.
#include "domain/parts.h"

enum { THREADS_PER_CPU = 2 };

static bool
is_on_virtio(const struct disk *d)
{
    const struct disk_target *t = d->cdrom ? d->cdrom : d->lun ? d->lun : d->disk;

    return t && t->bus == DISK_BUS_VIRTIO;
}

/* Most threads that disks share and have, together. */
static int64_t
most_of(const struct domain_spec *d)
{
    const struct quantity *cpus = d->resources.requests_cpu.text ? &d->resources.requests_cpu : &d->resources.limits_cpu;

    if (d->io_threads_policy != IO_THREADS_AUTO) {
        return 1;
    }
    return cpus->value > 0 ? cpus->value * THREADS_PER_CPU : THREADS_PER_CPU;
}

static struct err *
resolve_io_threads(struct domain_view *v)
{
    const struct domain_spec *d = &v->instance->spec.domain;
    int64_t own = 0, shared = 0;

    if (d->io_threads_policy == IO_THREADS_POOL) {
        v->io = (struct io_plan){.n = d->io_pool_threads.v > 0 ? d->io_pool_threads.v : 1, .is_pool = true};
        return NULL;
    }
    for (size_t i = 0; i < d->disks.n; i++) {
        if (is_on_virtio(&d->disks.items[i])) {
            own += d->disks.items[i].dedicated_io_thread == TRI_TRUE;
            shared += d->disks.items[i].dedicated_io_thread != TRI_TRUE;
        }
    }
    if (d->io_threads_policy == IO_THREADS_UNSET && own == 0) {
        return NULL;
    }
    int64_t left = most_of(d) - own;
    left = left < 1 ? 1 : left; /* who has none of its own needs one */
    shared = shared > left ? left : shared;
    v->io = (struct io_plan){.n = own + shared, .n_shared = shared};
    return NULL;
}

static void
write_io_threads(const struct domain_view *v, struct xml *x)
{
    if (v->io.n > 0) {
        xml_leaf_int(x, "iothreads", v->io.n);
    }
}

const struct part part_io_threads = {
    .name = "io_threads",
    .elements = "iothreads",
    .about = "Threads that disks on virtio share, have for themselves, or use as a pool.",
    .resolve = resolve_io_threads,
    .write = write_io_threads,
};
