// One row per kind.
#include "effect/api_path.h"

struct api_place {
    const char *group; /* "/api/v1" or "/apis/group/version" */
    const char *resource;
    const char *all;
};

static const struct api_place places[N_KINDS] = {
    [KIND_VM] = {"/apis/kubevirt.io/v1", "virtualmachines", "/apis/kubevirt.io/v1/virtualmachines"},
    [KIND_VMI] = {"/apis/kubevirt.io/v1", "virtualmachineinstances", "/apis/kubevirt.io/v1/virtualmachineinstances"},
    [KIND_POD] = {"/api/v1", "pods", "/api/v1/pods"},
    [KIND_PVC] = {"/api/v1", "persistentvolumeclaims", "/api/v1/persistentvolumeclaims"},
    [KIND_SERVICE] = {"/api/v1", "services", "/api/v1/services"},
    [KIND_KUBEVIRT] = {"/apis/kubevirt.io/v1", "kubevirts", "/apis/kubevirt.io/v1/kubevirts"},
};

const char *
api_path_all(enum kind kind)
{
    return places[kind].all;
}

const char *
api_resource(enum kind kind)
{
    return places[kind].resource;
}

char *
api_path(enum kind kind, const char *namespace, const char *name, const char *sub)
{
    const struct api_place *p = &places[kind];

    return xasprintf("%s/namespaces/%s/%s%s%s%s%s", p->group, namespace, p->resource, name ? "/" : "", name ? name : "",
                     sub ? "/" : "", sub ? sub : "");
}
