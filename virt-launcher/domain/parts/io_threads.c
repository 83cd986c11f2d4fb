// Threads of QEMU beside its main loop, for the disks that ask for one.
#include "domain/parts.h"

static void
write_io_threads(const struct domain_view *v, struct xml *x)
{
    if (v->needs_io_thread) {
        xml_leaf(x, "iothreads", "1");
    }
}

const struct part part_io_threads = {
    .name = "io_threads",
    .elements = "iothreads",
    .about = "One thread for all disks that want one of their own.",
    .write = write_io_threads,
};
