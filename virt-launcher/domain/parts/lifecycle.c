// What libvirt does when the guest goes off, boots anew, or crashes. Starting again is the VirtualMachine's matter, in a new pod.
#include "domain/parts.h"

static void
write_lifecycle(const struct domain_view *v, struct xml *x)
{
    (void)v; /* every guest has the same */
    xml_leaf(x, "on_poweroff", "destroy");
    xml_leaf(x, "on_reboot", "restart");
    xml_leaf(x, "on_crash", "destroy");
}

const struct part part_lifecycle = {
    .name = "lifecycle",
    .elements = "on_poweroff on_reboot on_crash",
    .about = "The guest may boot anew; off is off.",
    .write = write_lifecycle,
};
