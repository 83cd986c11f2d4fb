// Which paths of each kind are kept; the value at the end of a path is kept whole.
#include "cache/cut.h"

#include "api/instance.h"

/* clang-format off */
#define META_PATHS \
    "metadata.name", "metadata.namespace", "metadata.uid", "metadata.generation", "metadata.resourceVersion", \
    "metadata.creationTimestamp", "metadata.labels", "metadata.annotations", "metadata.deletionTimestamp", \
    "metadata.deletionGracePeriodSeconds", "metadata.finalizers", "metadata.ownerReferences"
/* clang-format on */

static const char *const own_paths[] = {META_PATHS, "spec", "status", NULL}; /* of our kinds */
static const char *const pod_paths[] = {
    META_PATHS,
    "spec.nodeName",
    "status.phase",
    "status.reason",
    "status.message",
    "status.conditions",
    "status.podIP",
    "status.podIPs",
    "status.qosClass",
    "status.startTime",
    "status.containerStatuses",
    NULL,
};
static const char *const pvc_paths[] = {
    META_PATHS,       "spec.accessModes", "spec.volumeMode",
    "spec.resources", "spec.volumeName",  "spec.storageClassName",
    "status.phase",   "status.capacity",  NULL,
};
static const char *const service_paths[] = {META_PATHS, "spec.selector", "spec.ports", NULL};

static const char *const *const kind_paths[N_KINDS] = {
    [KIND_VM] = own_paths,  [KIND_VMI] = own_paths,         [KIND_POD] = pod_paths,
    [KIND_PVC] = pvc_paths, [KIND_SERVICE] = service_paths, [KIND_KUBEVIRT] = own_paths,
};

/* Annotations are large and foreign; these are read. */
static const char *const last_applied = "kubectl.kubernetes.io/last-applied-configuration";
static const char *const pod_annotations[] = {GATEWAY_PINS_ANNOTATION, GATEWAY_CA_ANNOTATION};

static void cut_paths(const char *const *paths, const json_t *from, json_t *to);
static void cut_path(const char *path, const json_t *from, json_t *to);
static void cut_annotations(enum kind kind, const json_t *from, json_t *to);

const char *const *
cut_parts(enum kind kind)
{
    return kind_paths[kind];
}

json_t *
cut_object(enum kind kind, const json_t *object)
{
    json_t *cut = json_object();

    BUG_ON(!cut);
    cut_paths(kind_paths[kind], object, cut);
    cut_annotations(kind, object, cut);
    return cut;
}

static void
cut_paths(const char *const *paths, const json_t *from, json_t *to)
{
    for (; *paths; paths++) {
        cut_path(*paths, from, to);
    }
}

static void
cut_path(const char *path, const json_t *from, json_t *to)
{
    char step[64];
    const char *dot = strchr(path, '.');

    while (dot) {
        (void)snprintf(step, sizeof(step), "%.*s", (int)(dot - path), path);
        from = json_object_get(from, step);
        if (!json_is_object(from)) {
            return;
        }
        json_t *next = json_object_get(to, step);
        if (!next) {
            next = json_object();
            BUG_ON(json_object_set_new(to, step, next) != 0);
        }
        to = next;
        path = dot + 1;
        dot = strchr(path, '.');
    }
    json_t *value = json_object_get(from, path);
    if (value) {
        BUG_ON(json_object_set(to, path, value) != 0);
    }
}

static void
cut_annotations(enum kind kind, const json_t *from, json_t *to)
{
    json_t *all = json_at(from, "metadata", "annotations", NULL);
    json_t *kept = json_object();
    const char *key;
    json_t *value;

    json_object_foreach(all, key, value) {
        bool keep = kind == KIND_POD ? str_eq(key, pod_annotations[0]) || str_eq(key, pod_annotations[1])
                                     : !str_eq(key, last_applied);
        if (keep && (kind == KIND_VM || kind == KIND_VMI || kind == KIND_POD)) {
            BUG_ON(json_object_set(kept, key, value) != 0);
        }
    }
    json_t *meta = json_object_get(to, "metadata");
    if (meta && json_object_size(kept) > 0) {
        BUG_ON(json_object_set(meta, "annotations", kept) != 0);
    } else {
        (void)json_object_del(meta, "annotations");
    }
    json_decref(kept);
}
