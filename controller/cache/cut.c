// Which paths of each kind are kept; the value at the end of a path is kept whole.
#include "cache/cut.h"

#include "api/kinds/instance.h"
#include "cache/legal.h"

enum { HEADER_VALUE_MAX = 4096, RELEASES_MAX = 8, PLACE_SIZE = 24 };

/* clang-format off */
#define META_PATHS \
    "metadata.name", "metadata.namespace", "metadata.uid", "metadata.generation", "metadata.resourceVersion", \
    "metadata.creationTimestamp", "metadata.deletionTimestamp", "metadata.deletionGracePeriodSeconds", \
    "metadata.ownerReferences"
#define VM_STATUS_PATHS \
    "status.created", "status.ready", "status.printableStatus", "status.runStrategy", "status.observedGeneration", \
    "status.desiredGeneration", "status.conditions", "status.startFailure", "status.stateChangeRequests", "status.bridge"
#define VMI_STATUS_PATHS \
    "status.phase", "status.reason", "status.nodeName", "status.observedGeneration", "status.conditions", \
    "status.phaseTransitionTimestamps", "status.activePods", "status.runtimeUser", \
    "status.launcherContainerImageVersion", "status.machine", "status.qosClass", "status.interfaces", \
    "status.guestOSInfo", "status.currentCPUTopology", "status.memory", "status.volumeStatus", "status.bridge"
/* clang-format on */

static const char *const vm_paths[] = {
    META_PATHS,
    "spec.running",
    "spec.runStrategy",
    "spec.instancetype",
    "spec.preference",
    "spec.dataVolumeTemplates",
    "spec.updateVolumesStrategy",
    "spec.template.metadata.labels",
    "spec.template.metadata.annotations",
    "spec.template.spec",
    VM_STATUS_PATHS,
    NULL,
};
static const char *const vmi_paths[] = {
    META_PATHS, "metadata.labels", "metadata.annotations", "metadata.finalizers", "spec", VMI_STATUS_PATHS, NULL,
};
static const char *const pod_paths[] = {
    META_PATHS,
    "metadata.labels", /* read of an object that comes (cache/informer.c), and not kept */
    "metadata.annotations",
    "metadata.finalizers",
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
static const char *const kubevirt_paths[] = {META_PATHS, "spec", "status", NULL};

static const char *const *const kind_paths[N_KINDS] = {
    [KIND_VM] = vm_paths,   [KIND_VMI] = vmi_paths,         [KIND_POD] = pod_paths,
    [KIND_PVC] = pvc_paths, [KIND_SERVICE] = service_paths, [KIND_KUBEVIRT] = kubevirt_paths,
};

static const char *const vm_header[] = {META_PATHS, "spec.running", "spec.runStrategy", VM_STATUS_PATHS, NULL};
static const char *const vmi_header[] = {META_PATHS, "metadata.labels", "metadata.finalizers", VMI_STATUS_PATHS, NULL};
static const char *const pod_header[] = {
    META_PATHS, "metadata.annotations", "metadata.finalizers", "spec.nodeName", "status.phase", "status.podIP", NULL,
};
static const char *const other_header[] = {META_PATHS, NULL};

static const char *const *const header_paths[N_KINDS] = {
    [KIND_VM] = vm_header,     [KIND_VMI] = vmi_header,       [KIND_POD] = pod_header,
    [KIND_PVC] = other_header, [KIND_SERVICE] = other_header, [KIND_KUBEVIRT] = other_header,
};

/* Annotations are large and foreign; these are read. */
static const char *const last_applied = "kubectl.kubernetes.io/last-applied-configuration";
static const char *const pod_annotations[] = {GATEWAY_PINS_ANNOTATION, GATEWAY_CA_ANNOTATION};
static const char *const status_lost = "statusLost";

static json_t *cut_by(const char *const *paths, enum kind kind, const json_t *object);
static void cut_annotations(enum kind kind, const json_t *from, json_t *meta);
static void cut_owner(json_t *meta);
static void cut_finalizers(enum kind kind, json_t *meta);
static bool is_ours(const json_t *finalizer, size_t i, char ret_place[PLACE_SIZE]);
static void cut_node_label(json_t *meta);
static void drop_long(json_t *object);
static bool is_long(const json_t *j, size_t *left);

const char *const *
cut_parts(enum kind kind)
{
    return kind_paths[kind];
}

const char *const *
cut_header_parts(enum kind kind)
{
    return header_paths[kind];
}

json_t *
cut_object(enum kind kind, const json_t *object)
{
    return cut_by(kind_paths[kind], kind, object);
}

json_t *
cut_header(enum kind kind, const json_t *object)
{
    json_t *cut = cut_by(header_paths[kind], kind, object);
    json_t *meta = json_object_get(cut, "metadata");
    const json_t *status = json_object_get(cut, "status");

    cut_node_label(meta);
    drop_long(meta);
    drop_long(json_object_get(meta, "annotations"));
    drop_long(json_object_get(cut, "spec"));
    size_t len;
    AUTO(freep) char *text = status ? cut_text(status, CUT_HEADER_STATUS_MAX, &len) : NULL;
    if ((kind == KIND_VM || kind == KIND_VMI) && !text) {
        cut_lose_status(cut);
    } else {
        drop_long(json_object_get(cut, "status"));
    }
    return cut;
}

bool
cut_is_legal(const json_t *object)
{
    const json_t *meta = json_object_get(object, "metadata");
    const char *namespace = json_str(meta, "namespace");
    const char *version = json_str(meta, "resourceVersion");

    return legal_name(json_str(meta, "name")) && legal_uid(json_str(meta, "uid")) && legal_namespace(namespace) &&
           (!version || legal_version(version));
}

char *
cut_text(const json_t *j, size_t max, size_t *ret_len)
{
    size_t left = max < SIZE_MAX - 2 ? max + 2 : max; /* the last value has no comma */

    if (is_long(j, &left)) {
        return NULL;
    }
    char *text = json_compact(j);
    *ret_len = strlen(text);
    if (*ret_len > max) {
        free(text);
        return NULL;
    }
    return text;
}

void
cut_lose_status(json_t *cut)
{
    (void)json_object_del(cut, "status"); /* or there is none */
    BUG_ON(json_object_set_new(cut, status_lost, json_true()) != 0);
}

bool
cut_has_lost_status(const json_t *cut)
{
    return json_bool(cut, status_lost, false);
}

static json_t *
cut_by(const char *const *paths, enum kind kind, const json_t *object)
{
    json_t *cut = json_object();

    BUG_ON(!cut);
    for (; *paths; paths++) {
        json_copy_path(*paths, object, cut);
    }
    json_t *meta = json_object_get(cut, "metadata");
    if (meta) {
        cut_annotations(kind, object, meta);
        cut_owner(meta);
        cut_finalizers(kind, meta);
        if (kind == KIND_POD) {
            (void)json_object_del(meta, "labels");
        }
    }
    return cut;
}

static void
cut_annotations(enum kind kind, const json_t *from, json_t *meta)
{
    json_t *all = json_object_get(meta, "annotations") ? json_at(from, "metadata", "annotations", NULL) : NULL;
    json_t *kept = json_object();
    const char *key;
    json_t *value;

    json_object_foreach(all, key, value) {
        bool keep = kind == KIND_POD ? str_eq(key, pod_annotations[0]) || str_eq(key, pod_annotations[1])
                                     : !str_eq(key, last_applied);
        if (keep) {
            BUG_ON(json_object_set(kept, key, value) != 0);
        }
    }
    if (json_object_size(kept) > 0) {
        BUG_ON(json_object_set(meta, "annotations", kept) != 0);
    } else {
        (void)json_object_del(meta, "annotations");
    }
    json_decref(kept);
}

/* The controlling one, and of it what is read. An owner that has no legal name is none. */
static void
cut_owner(json_t *meta)
{
    json_t *kept = NULL;
    size_t i;
    json_t *ref;

    json_array_foreach(json_object_get(meta, "ownerReferences"), i, ref) {
        const char *kind = json_str(ref, "kind");
        const char *version = json_str(ref, "apiVersion");
        if (!json_bool(ref, "controller", false)) {
            continue;
        }
        if (legal_name(json_str(ref, "name")) && legal_uid(json_str(ref, "uid"))) {
            kept = json_pack("{s:s*, s:s*, s:O, s:O, s:b}", "apiVersion", legal_kind(version) ? version : NULL, "kind",
                             legal_kind(kind) ? kind : NULL, "name", json_object_get(ref, "name"), "uid",
                             json_object_get(ref, "uid"), "controller", 1);
            BUG_ON(!kept);
        }
        break;
    }
    if (kept) {
        BUG_ON(json_object_set_new(meta, "ownerReferences", json_pack("[o]", kept)) != 0);
    } else {
        (void)json_object_del(meta, "ownerReferences");
    }
}

/* Where ours stand, however many others there are: "#7" is no finalizer that anybody could write. */
static void
cut_finalizers(enum kind kind, json_t *meta)
{
    json_t *places = json_array();
    char place[PLACE_SIZE];
    size_t i;
    json_t *finalizer;

    json_array_foreach(json_object_get(meta, "finalizers"), i, finalizer) {
        if (kind == KIND_VMI && json_array_size(places) < RELEASES_MAX && is_ours(finalizer, i, place)) {
            BUG_ON(json_array_append_new(places, json_string(place)) != 0);
        }
    }
    if (json_array_size(places) > 0) {
        BUG_ON(json_object_set(meta, "finalizers", places) != 0);
    } else {
        (void)json_object_del(meta, "finalizers");
    }
    json_decref(places);
}

static bool
is_ours(const json_t *finalizer, size_t i, char ret_place[PLACE_SIZE])
{
    const char *text = json_string_value(finalizer);

    if (text && text[0] == '#' && strlen(text) < PLACE_SIZE) { /* of a cut */
        (void)snprintf(ret_place, PLACE_SIZE, "%s", text);
        return true;
    }
    (void)snprintf(ret_place, PLACE_SIZE, "#%zu", i);
    return str_eq(text, VMI_FINALIZER);
}

/* Of labels what we wrote ourselves. */
static void
cut_node_label(json_t *meta)
{
    json_t *node = json_object_get(json_object_get(meta, "labels"), NODE_LABEL);
    json_t *labels = legal_name(json_string_value(node)) ? json_pack("{s:O}", NODE_LABEL, node) : NULL;

    if (labels) {
        BUG_ON(json_object_set_new(meta, "labels", labels) != 0);
    } else {
        (void)json_object_del(meta, "labels");
    }
}

static void
drop_long(json_t *object)
{
    const char *key;
    void *tmp;
    json_t *value;

    json_object_foreach_safe(object, tmp, key, value) {
        size_t left = HEADER_VALUE_MAX;
        if (is_long(value, &left)) {
            (void)json_object_del(object, key);
        }
    }
}

/* Whether the text of a tree is longer than what is left, by what each value takes at least. */
static bool
is_long(const json_t *j, size_t *left) // NOLINT(misc-no-recursion): as deep as it was read, JSON_DEPTH_MAX
{
    size_t least = 1 + (json_is_string(j) ? json_string_length(j) + 2 : 1); /* with a comma */
    size_t len;
    const char *key;
    json_t *value;

    if (least > *left) {
        return true;
    }
    *left -= least;
    for (size_t i = 0; i < json_array_size(j); i++) {
        if (is_long(json_array_get(j, i), left)) {
            return true;
        }
    }
    json_object_keylen_foreach((json_t *)(uintptr_t)j, key, len, value)
    {
        if (len + 3 > *left || is_long(value, left)) {
            return true;
        }
        *left -= len + 3;
    }
    return false;
}
