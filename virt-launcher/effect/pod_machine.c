// Files that are there, or not.
#include "effect/pod_machine.h"

#include "base/base.h"
#include "effect/files.h"

#define ZONES "/usr/share/zoneinfo"

bool
pod_has_timezone(const char *zone)
{
    AUTO(freep) char *path = str_empty(zone) ? NULL : xasprintf(ZONES "/%s", zone);

    return path && file_exists(path);
}
