// Of a Job is read whether it has ended, of its pod the last words.
#include "reconcile/node/asking_kind.h"

#include "reconcile/kept.h"

static const char *const capabilities_paths[] = {KEPT_META, "status", NULL};
static const char *const job_paths[] = {
    KEPT_META, "metadata.labels", "metadata.annotations", "status.conditions", NULL,
};
static const char *const pod_paths[] = {
    KEPT_META,           "metadata.labels", "metadata.annotations",     "status.phase",
    "status.conditions", "status.message",  "status.containerStatuses", NULL,
};
static const char *const header_paths[] = {KEPT_META, NULL};
static const char *const no_names[] = {NULL};
static const char *const asked_annotations[] = {ASKED_NODE_ANNOTATION, NULL};
static const char *const asked_labels[] = {ASKING_LABEL, JOB_NAME_LABEL, NULL};

bool
asking_pod_is_over(const json_t *pod)
{
    const char *phase = json_str(json_object_get(pod, "status"), "phase");

    return str_eq(phase, "Succeeded") || str_eq(phase, "Failed");
}

static char *
asked_node(const struct object *object, const json_t *json)
{
    const char *name = json_str(json_at(json, "metadata", "annotations", NULL), ASKED_NODE_ANNOTATION);

    (void)object; /* the JSON says it */
    return name ? xstrdup(name) : NULL;
}

/* Those that have not ended are counted before each node is asked. */
static void
pod_words(const json_t *pod, kind_word_fn *word, void *arg)
{
    if (!asking_pod_is_over(pod)) {
        word(arg, ASKING_WORD, "");
    }
}

const struct kind node_capabilities_kind = {
    .name = "nodecapabilities",
    .api_version = "vmbridge.io/v1alpha1",
    .kind = "NodeCapabilities",
    .path = "/apis/vmbridge.io/v1alpha1",
    .resource = "nodecapabilities",
    .is_cluster_scoped = true,
    .kept = {.paths = capabilities_paths, .header_paths = header_paths, .annotations = no_names},
    .room = ROOM_OTHERS,
};

const struct kind asking_job_kind = {
    .name = "job",
    .api_version = "batch/v1",
    .kind = "Job",
    .path = "/apis/batch/v1",
    .resource = "jobs",
    .label = ASKING_LABEL,
    .label_value = ASKING_LABEL_VALUE,
    .in_own_namespace = true,
    .kept = {.paths = job_paths, .header_paths = header_paths, .annotations = asked_annotations, .labels = asked_labels},
    .room = ROOM_OTHERS,
    .subject = asked_node,
};

const struct kind asking_pod_kind = {
    .name = "askingpod",
    .api_version = "v1",
    .kind = "Pod",
    .path = "/api/v1",
    .resource = "pods",
    .label = ASKING_LABEL,
    .label_value = ASKING_LABEL_VALUE,
    .in_own_namespace = true,
    .kept = {.paths = pod_paths, .header_paths = header_paths, .annotations = asked_annotations, .labels = asked_labels},
    .room = ROOM_OTHERS,
    .subject = asked_node,
    .words = pod_words,
};
