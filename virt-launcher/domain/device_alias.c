// A prefix, and what is left of the name.
#include "domain/device_alias.h"

enum {
    ALIAS_NAME_MAX =
        24, /* passt's socket is <run>/libvirt/qemu/run/passt/<id>-<20 letters>-<alias>.socket: 107 bytes in all */
    ALIAS_KEPT = 16,
};

char *
device_alias(struct arena *a, const char *name, size_t index)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t len = strlen(name);
    char *kept;

    if (len <= ALIAS_NAME_MAX && strspn(name, allowed) == len) {
        return arena_printf(a, "ua-%s", name);
    }
    kept = arena_strndup(a, name, len < ALIAS_KEPT ? len : ALIAS_KEPT);
    for (char *c = kept; *c; c++) {
        if (!strchr(allowed, *c)) {
            *c = '-';
        }
    }
    return arena_printf(a, "ua-%s-%zu", kept, index);
}
