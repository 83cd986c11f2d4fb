// Launcher pods: made, ended, and watched by a label.
#include "reconcile/pod/pod_kind.h"

#include "api/kinds/instance.h"
#include "api/rules/identity.h"
#include "reconcile/kept.h"
#include "reconcile/plan.h"
#include "reconcile/pod/pod_events.h"
#include "reconcile/pod/pod_refusal.h"
#include "reconcile/sources.h"
#include "reconcile/vmi/network_status.h"

static const char *const paths[] = {
    KEPT_META,
    "metadata.labels", /* is_in_sight() of cache/informer.c */
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
static const char *const header_paths[] = {
    KEPT_META, "metadata.annotations", "metadata.finalizers", "spec.nodeName", "status.phase", "status.podIP", NULL,
};
static const char *const labels[] = {MIGRATION_LABEL, NULL};
static const char *const annotations[] = {GATEWAY_PINS_ANNOTATION, GATEWAY_CA_ANNOTATION, NETWORK_STATUS_ANNOTATION,
                                          NULL};

bool
pod_tells(const struct object *pod, char *ret_name)
{
    if (identity_stem_of_pod(strchr(pod->key, '/') + 1, ret_name)) {
        return true;
    }
    if (!str_empty(pod->owner_name)) {
        identity_pod_stem(pod->owner_name, ret_name);
        return true;
    }
    return false;
}

static char *
pod_subject(const struct object *object, const json_t *json)
{
    char stem[POD_STEM_SIZE];

    (void)json; /* the header says it */
    return pod_tells(object, stem) ? xstrdup(stem) : NULL;
}

/* What the API server deletes for good has ended before, or has no time left and nobody to wait for. */
static bool
pod_has_ended(const json_t *object)
{
    const json_t *meta = json_object_get(object, "metadata");
    const char *phase = json_str(json_object_get(object, "status"), "phase");
    bool is_over = str_eq(phase, "Succeeded") || str_eq(phase, "Failed");

    return is_over || (json_str(meta, "deletionTimestamp") && json_int(meta, "deletionGracePeriodSeconds", -1) == 0 &&
                       json_array_size(json_object_get(meta, "finalizers")) == 0);
}

/* Answered to our create, or found under a name that nobody else can have thought of: from now on only that UID is the instance's. */
static void
pod_created(const struct sources *src, const struct plan_target *vmi, const json_t *pod)
{
    const char *uid = json_str(json_object_get(pod, "metadata"), "uid");
    AUTO(freep) char *key = xasprintf("%s/%s", vmi->namespace, vmi->name);

    if (uid) {
        launchers_name(src->launchers, vmi->uid, key);
        launchers_made(src->launchers, vmi->uid, uid);
    }
}

static bool
pod_events_read(const struct sources *src, const struct plan_target *vmi, const json_t *events, int64_t now_s)
{
    AUTO(freep) char *text = events ? pod_events_warnings(events) : NULL;
    AUTO(freep) char *key = xasprintf("%s/%s", vmi->namespace, vmi->name);

    launchers_name(src->launchers, vmi->uid, key);
    return launchers_warned(src->launchers, vmi->uid, text, now_s);
}

const struct kind pod_kind = {
    .name = "pod",
    .api_version = "v1",
    .kind = "Pod",
    .path = "/api/v1",
    .resource = "pods",
    .label = LAUNCHER_LABEL,
    .label_value = LAUNCHER_LABEL_VALUE,
    .has_ended = pod_has_ended,
    .kept = {.paths = paths, .header_paths = header_paths, .annotations = annotations, .labels = labels},
    .room = ROOM_OTHERS,
    .subject = pod_subject,
    .refused = pod_refusal,
    .created = pod_created,
    .events_read = pod_events_read,
};
