// Paths in an object become paths in what it comes in.
#include "watch_parts.h"

/* Of a bookmark its version and marks, of an error the Status; an object that has more than is asked for does no harm. */
static const char *const line_parts[] = {
    "type",
    "object.metadata.resourceVersion",
    "object.metadata.annotations",
    "object.kind",
    "object.code",
    "object.reason",
    "object.message",
    NULL,
};
static const char *const page_parts[] = {"kind", "apiVersion", "metadata", NULL};

static const char **parts_join(const char *const *ours, const char *prefix, const char *const *parts);
static size_t parts_count(const char *const *parts);

const char **
watch_parts_of_line(const char *const *parts)
{
    return parts_join(line_parts, "object", parts);
}

const char **
watch_parts_of_page(const char *const *parts)
{
    return parts_join(page_parts, "items", parts);
}

void
watch_parts_free(const char **parts)
{
    for (const char **p = parts; p && *p; p++) {
        free((void *)(uintptr_t)*p);
    }
    free((void *)(uintptr_t)parts);
}

static const char **
parts_join(const char *const *ours, const char *prefix, const char *const *parts)
{
    if (!parts) {
        return NULL;
    }
    size_t n = 0;
    const char **all = xcalloc(parts_count(ours) + parts_count(parts) + 1, sizeof(*all));
    for (; *ours; ours++) {
        all[n++] = xstrdup(*ours);
    }
    for (; *parts; parts++) {
        all[n++] = xasprintf("%s.%s", prefix, *parts);
    }
    return all;
}

static size_t
parts_count(const char *const *parts)
{
    size_t n = 0;

    while (parts[n]) {
        n++;
    }
    return n;
}
