// Of an instance its pod is read, what its launcher said, claims and Services.
#include "reconcile/vmi/vmi_kind.h"

#include "api/kinds/instance.h"
#include "reconcile/datavolume/data_volume_kind.h"
#include "reconcile/fingerprint.h"
#include "reconcile/kept.h"
#include "reconcile/pod/pod_kind.h"
#include "reconcile/pvc/pvc_kind.h"
#include "reconcile/service/service_kind.h"
#include "reconcile/sync.h"
#include "reconcile/vmi/vmi_plan.h"

/* clang-format off */
#define STATUS_PATHS \
    "status.phase", "status.reason", "status.nodeName", "status.observedGeneration", "status.conditions", \
    "status.phaseTransitionTimestamps", "status.activePods", "status.runtimeUser", \
    "status.launcherContainerImageVersion", "status.machine", "status.qosClass", "status.interfaces", \
    "status.guestOSInfo", "status.currentCPUTopology", "status.memory", "status.volumeStatus", "status.bridge", \
    "status.VSOCKCID"
/* clang-format on */

static const char *const paths[] = {
    KEPT_META, "metadata.labels", "metadata.annotations", "metadata.finalizers", "spec", STATUS_PATHS, NULL,
};
static const char *const header_paths[] = {KEPT_META, "metadata.labels", "metadata.finalizers", STATUS_PATHS, NULL};

static struct err *
vmi_sync(struct sync *s, const struct object *vmi, struct plan *ret_plan)
{
    const struct object vmi_now = sync_object(s, vmi);
    struct vmi_view v;
    struct err *e = vmi_view_make(s->arena, s->src, &vmi_now, s->now_s, &v);

    if (!e) {
        v.kind = s->kind;
        v.last_error = sync_error(s);
        v.error_lasts = s->error_lasts;
        v.hold = s->hold;
        vmi_plan(&v, ret_plan);
    }
    return e;
}

/* Of claims, DataVolumes and Services only that none has changed: which are read is not known before the view is made. */
static uint64_t
vmi_fingerprint(const struct sources *src, const struct object *vmi)
{
    const struct instance_launchers *l = launchers_get(src->launchers, vmi->uid);
    const char *name = strchr(vmi->key, '/') + 1;
    AUTO(freep) char *namespace = xstrndup(vmi->key, (size_t)(name - vmi->key) - 1);
    char stem[POD_STEM_SIZE];
    uint64_t h = fingerprint_number(fingerprint_object(fingerprint_begin(), vmi), src->config_version);

    identity_pod_stem(name, stem);
    h = fingerprint_about(h, caches_store(src->caches, &pod_kind), namespace, stem);
    h = fingerprint_number(h, l ? l->version : 0);
    h = fingerprint_number(h, src->foreign ? foreign_about(src->foreign, vmi->uid).version : 0);
    h = fingerprint_number(h, store_changes(caches_store(src->caches, &pvc_kind)));
    h = fingerprint_number(h, store_changes(caches_store(src->caches, &data_volume_kind)));
    return fingerprint_end(fingerprint_number(h, store_changes(caches_store(src->caches, &service_kind))));
}

static bool
found(void *arg, const struct object *object)
{
    (void)object; /* there is one */
    *(bool *)arg = true;
    return false;
}

static bool
vmi_has_begun(const struct caches *caches, const struct object *vmi)
{
    const char *name = strchr(vmi->key, '/') + 1;
    AUTO(freep) char *namespace = xstrndup(vmi->key, (size_t)(name - vmi->key) - 1);
    char stem[POD_STEM_SIZE];
    bool is_there = false;

    identity_pod_stem(name, stem);
    store_each_about(caches_store(caches, &pod_kind), namespace, stem, found, &is_there);
    return is_there;
}

/* Found by who controls it, but for a machine's instance, which bears its machine's name: that spares as many strings as there are. */
static char *
vmi_subject(const struct object *vmi, const json_t *json)
{
    (void)json; /* the entry says it */
    return str_empty(vmi->owner_uid) || str_eq(vmi->owner_name, strchr(vmi->key, '/') + 1) ? NULL
                                                                                           : xstrdup(vmi->owner_uid);
}

/* Its claims and labels: what changes of claims and Services are looked up by. */
static void
vmi_words(const json_t *vmi, kind_word_fn *word, void *arg)
{
    size_t i;
    json_t *value;
    const char *key;

    json_array_foreach(json_at(vmi, "spec", "volumes", NULL), i, value) {
        const char *claim = json_str(json_at(value, "persistentVolumeClaim", NULL), "claimName");
        if (!claim) {
            claim = json_str(json_at(value, "ephemeral", "persistentVolumeClaim", NULL), "claimName");
        }
        if (!claim) {
            claim = json_str(json_object_get(value, "dataVolume"), "name");
        }
        if (claim) {
            word(arg, claim, "");
        }
    }
    json_object_foreach(json_at(vmi, "metadata", "labels", NULL), key, value) {
        AUTO(freep) char *pair = xasprintf("%s=", key);
        if (json_is_string(value)) {
            word(arg, pair, json_string_value(value));
        }
    }
}

const struct kind vmi_kind = {
    .name = "vmi",
    .api_version = "kubevirt.io/v1",
    .kind = "VirtualMachineInstance",
    .path = "/apis/kubevirt.io/v1",
    .resource = "virtualmachineinstances",
    .is_early = true,
    .kept = {.paths = paths,
             .header_paths = header_paths,
             .header_label = NODE_LABEL,
             .finalizer = VMI_FINALIZER,
             .owns_status = true},
    .room = ROOM_OTHERS,
    .subject = vmi_subject,
    .words = vmi_words,
    .sync = vmi_sync,
    .rules = &vmi_rules,
    .fingerprint = vmi_fingerprint,
    .has_begun = vmi_has_begun,
};
