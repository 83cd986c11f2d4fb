// The program that is the guest.
#include "domain/parts.h"

static void
write_emulator(const struct domain_view *v, struct xml *x)
{
    (void)v; /* every guest has the same */
    xml_leaf(x, "emulator", "/usr/bin/qemu-system-x86_64");
}

const struct part part_emulator = {
    .name = "emulator",
    .elements = "emulator",
    .is_device = true,
    .about = "QEMU, as it lies in the image.",
    .write = write_emulator,
};
