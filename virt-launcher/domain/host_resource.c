// The names that KubeVirt's device plugins and those of vendors use.
#include "domain/host_resource.h"

#include <ctype.h>

char *
host_resource_variable(struct arena *a, const char *prefix, const char *resource)
{
    char *name = arena_printf(a, "%s_%s", prefix, resource);

    for (char *c = name + strlen(prefix) + 1; *c; c++) {
        *c = isalnum((unsigned char)*c) ? (char)toupper((unsigned char)*c) : '_';
    }
    return name;
}
