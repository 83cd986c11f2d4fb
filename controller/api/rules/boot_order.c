// Disks and interfaces share one row of numbers.
#include "api/rules/boot_order.h"

#include "api/rules/problems.h"

struct err *
boot_order_check(const struct vmi_spec *s, struct opt_int mine, const void *me, const char *path, size_t i)
{
    if (!mine.set) {
        return NULL;
    }
    if (mine.v <= 0) {
        return INVALID("domain.devices.%s[%zu] must have a boot order > 0, if supplied", path, i);
    }
    bool taken = false;
    for (size_t k = 0; k < s->domain.disks.n; k++) {
        const struct disk *d = &s->domain.disks.items[k];
        taken = taken || (d != me && d->boot_order.set && d->boot_order.v == mine.v);
    }
    for (size_t k = 0; k < s->domain.interfaces.n; k++) {
        const struct interface *n = &s->domain.interfaces.items[k];
        taken = taken || ((const void *)n != me && n->boot_order.set && n->boot_order.v == mine.v);
    }
    return taken
               ? INVALID("domain.devices.%s[%zu].bootOrder: Boot order for %s[%zu] already set for a different device.",
                         path, i, path, i)
               : NULL;
}
