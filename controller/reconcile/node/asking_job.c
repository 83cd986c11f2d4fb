// As unprivileged as a launcher pod: libvirt of the image looks at QEMU and at the processor, and ends.
#include "reconcile/node/asking_job.h"

#include "api/kinds/instance.h"
#include "reconcile/node/asking_kind.h"

enum { LAUNCHER_ID = 107, RETRIES = 2, DEADLINE_S = 300, KEPT_FOR_S = 600 };

static json_t *
job_labels(void)
{
    return json_pack("{s:s, s:s, s:s}", ASKING_LABEL, ASKING_LABEL_VALUE, "app.kubernetes.io/part-of", "vmbridge",
                     "app.kubernetes.io/component", ASKING_LABEL_VALUE);
}

/* KVM is asked through the device that a guest would get. */
static json_t *
job_resources(const struct config *c)
{
    json_t *limits = json_pack("{s:s, s:s}", "memory", "512Mi", "ephemeral-storage", "128Mi");

    if (!c->use_emulation) {
        BUG_ON(json_object_set_new(limits, KVM_RESOURCE, json_string("1")) != 0);
    }
    return json_pack("{s:{s:s, s:s, s:s}, s:o}", "requests", "cpu", "10m", "memory", "96Mi", "ephemeral-storage",
                     "32Mi", "limits", limits);
}

static json_t *
job_container(const struct config *c)
{
    static const char *const policies[] = {"IfNotPresent", "Always", "IfNotPresent", "Never"};

    return json_pack("{s:s, s:s, s:s, s:[s, s, s], s:o, s:{s:b, s:b, s:{s:[s]}}, s:[{s:s, s:s}]}", "name",
                     "capabilities", "image", c->launcher_image, "imagePullPolicy", policies[c->launcher_pull_policy],
                     "command", "/usr/bin/virt-launcher", "--capabilities", c->use_emulation ? "qemu" : "kvm",
                     "resources", job_resources(c), "securityContext", "allowPrivilegeEscalation", 0,
                     "readOnlyRootFilesystem", 1, "capabilities", "drop", "ALL", "volumeMounts", "name", "data",
                     "mountPath", LAUNCHER_DIR);
}

/* On this node and no other, whatever its taints are: who may use it is for its guests to say. */
static json_t *
job_pod(const struct node_view *v)
{
    json_t *affinity = json_pack("{s:{s:{s:[{s:[{s:s, s:s, s:[s]}]}]}}}", "nodeAffinity",
                                 "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms", "matchFields",
                                 "key", "metadata.name", "operator", "In", "values", v->node.name);

    return json_pack("{s:b, s:b, s:s, s:o, s:[{s:s}], s:{s:b, s:i, s:i, s:i, s:{s:s}}, s:[o], s:[{s:s, s:{s:s}}]}",
                     "automountServiceAccountToken", 0, "enableServiceLinks", 0, "restartPolicy", "Never", "affinity",
                     affinity, "tolerations", "operator", "Exists", "securityContext", "runAsNonRoot", 1, "runAsUser",
                     LAUNCHER_ID, "runAsGroup", LAUNCHER_ID, "fsGroup", LAUNCHER_ID, "seccompProfile", "type",
                     "RuntimeDefault", "containers", job_container(v->config), "volumes", "name", "data", "emptyDir",
                     "sizeLimit", "64Mi");
}

/* The node owns it: both go together. */
const json_t *
asking_job_render(const struct node_view *v)
{
    json_t *job = json_pack(
        "{s:s, s:s, s:{s:s, s:s, s:o, s:{s:s}, s:[{s:s, s:s, s:s, s:s}]}, s:{s:i, s:i, s:i, s:{s:{s:o, s:{s:s}}, "
        "s:o}}}",
        "apiVersion", "batch/v1", "kind", "Job", "metadata", "name", v->job, "namespace", v->namespace, "labels",
        job_labels(), "annotations", ASKED_NODE_ANNOTATION, v->node.name, "ownerReferences", "apiVersion", "v1", "kind",
        "Node", "name", v->node.name, "uid", v->node.uid, "spec", "backoffLimit", RETRIES, "activeDeadlineSeconds",
        DEADLINE_S, "ttlSecondsAfterFinished", KEPT_FOR_S, "template", "metadata", "labels", job_labels(),
        "annotations", ASKED_NODE_ANNOTATION, v->node.name, "spec", job_pod(v));

    BUG_ON(!job);
    return json_in_arena(v->arena, job);
}
