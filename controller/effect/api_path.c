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
    return xasprintf("%s%s%s/%s%s%s%s%s", kind->path, kind->is_cluster_scoped ? "" : "/namespaces/",
                     kind->is_cluster_scoped ? "" : namespace, kind->resource, name ? "/" : "", name ? name : "",
                     sub ? "/" : "", sub ? sub : "");
}
