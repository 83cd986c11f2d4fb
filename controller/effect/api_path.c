// Of the kind's description.
#include "effect/api_path.h"

char *
api_path_all(const struct kind *kind)
{
    return xasprintf("%s/%s", kind->path, kind->resource);
}

char *
api_path(const struct kind *kind, const char *namespace, const char *name, const char *sub)
{
    return xasprintf("%s/namespaces/%s/%s%s%s%s%s", kind->path, namespace, kind->resource, name ? "/" : "",
                     name ? name : "", sub ? "/" : "", sub ? sub : "");
}
