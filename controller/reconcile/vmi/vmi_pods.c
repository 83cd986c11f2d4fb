// The launcher pods of an instance, all of them.
#include "reconcile/vmi/vmi_pods.h"

#include "api/kinds/instance.h"
#include "reconcile/pod/pod_kind.h"

static bool has_old_ca(const struct vmi_view *v, const struct pod_view *pod);
static void plan_label_pod(const struct vmi_view *v, const struct pod_view *pod, struct plan *p);
static void plan_end_pod(const struct vmi_view *v, const struct pod_view *pod, struct plan *p);

static bool
any_pod(const struct vmi_view *v, bool (*is)(const struct vmi_view *v, const struct pod_view *pod))
{
    for (size_t i = 0; i < v->launchers.n; i++) {
        if (is(v, &v->launchers.items[i].pod)) {
            return true;
        }
    }
    return false;
}

static bool
is_alive(const struct vmi_view *v, const struct pod_view *pod)
{
    (void)v; /* the pod says it */
    return !pod_is_over(pod);
}

static bool
is_hidden(const struct vmi_view *v, const struct pod_view *pod)
{
    (void)v; /* the pod says it */
    return pod->hidden;
}

bool
pods_are_alive(const struct vmi_view *v)
{
    return any_pod(v, is_alive);
}

bool
pods_are_hidden(const void *view)
{
    return any_pod(view, is_hidden);
}

bool
pods_have_old_ca(const void *view)
{
    return any_pod(view, has_old_ca);
}

void
pods_plan_end(const void *view, struct plan *p)
{
    const struct vmi_view *v = view;

    pods_plan_seek(v, p);
    for (size_t i = 0; i < v->launchers.n; i++) {
        if (!pod_is_over(&v->launchers.items[i].pod)) {
            plan_end_pod(v, &v->launchers.items[i].pod, p);
        }
    }
}

void
pods_plan_end_others(const void *view, struct plan *p)
{
    const struct vmi_view *v = view;

    for (size_t i = 0; i < v->launchers.n; i++) {
        const struct launcher_view *l = &v->launchers.items[i];
        if (l->is_second && l != v->active && !pod_is_over(&l->pod)) {
            plan_end_pod(v, &l->pod, p);
        }
    }
}

void
pods_plan_seek(const void *view, struct plan *p)
{
    const struct vmi_view *v = view;

    for (size_t i = 0; i < v->unseen.n; i++) {
        struct meta pod = {
            .namespace = v->vmi.meta.namespace, .name = v->unseen.items[i].name, .uid = v->unseen.items[i].uid};
        (void)plan_add(p, VERB_SEEK, &pod_kind, &pod, NULL);
    }
}

void
pods_plan_labels(const void *view, struct plan *p)
{
    const struct vmi_view *v = view;

    for (size_t i = 0; i < v->launchers.n; i++) {
        if (v->launchers.items[i].pod.hidden) {
            plan_label_pod(v, &v->launchers.items[i].pod, p);
        }
    }
}

void
pods_plan_ca(const void *view, struct plan *p)
{
    const struct vmi_view *v = view;

    for (size_t i = 0; i < v->launchers.n; i++) {
        const struct pod_view *pod = &v->launchers.items[i].pod;
        if (!has_old_ca(v, pod)) {
            continue;
        }
        bool has_pem = pod->gateway_ca != NULL; /* a launcher of an older version reads the certificates themselves */
        json_t *patch = json_pack("{s:{s:{s:s}}}", "metadata", "annotations",
                                  has_pem ? GATEWAY_CA_ANNOTATION : GATEWAY_PINS_ANNOTATION,
                                  has_pem ? v->config->ca_bundle : v->config->gateway_pins);
        BUG_ON(!patch);
        (void)plan_add(p, VERB_MERGE_PATCH, &pod_kind, &pod->meta, json_in_arena(v->arena, patch));
    }
}

static bool
has_old_ca(const struct vmi_view *v, const struct pod_view *pod)
{
    bool is_known = pod->gateway_ca || pod->gateway_pins; /* not of a header that came as one */
    if (pod->going || !v->config->gateway_pins || !is_known) {
        return false;
    }
    return pod->gateway_ca ? !str_eq(pod->gateway_ca, v->config->ca_bundle)
                           : !str_eq(pod->gateway_pins, v->config->gateway_pins);
}

static void
plan_label_pod(const struct vmi_view *v, const struct pod_view *pod, struct plan *p)
{
    json_t *patch = json_pack("{s:{s:{s:s, s:s}}}", "metadata", "labels", LAUNCHER_LABEL, LAUNCHER_LABEL_VALUE,
                              "kubevirt.io/created-by", v->vmi.meta.uid);

    BUG_ON(!patch);
    struct action *a = plan_add(p, VERB_MERGE_PATCH, &pod_kind, &pod->meta, json_in_arena(v->arena, patch));
    a->as = "label-pod";
    a->is_any_version = true; /* of a pod that the watch does not see no version is the last one */
    plan_event(p, "Warning", "LabelRestored", "The label %s of pod %s was taken off and is put back", LAUNCHER_LABEL,
               pod->meta.name);
}

static void
plan_end_pod(const struct vmi_view *v, const struct pod_view *pod, struct plan *p)
{
    if (pod->hidden) {
        plan_label_pod(v, pod, p); /* else nobody sees its end */
    }
    if (!pod->going) {
        (void)plan_add(p, VERB_DELETE, &pod_kind, &pod->meta, NULL);
        plan_event(p, "Normal", "SuccessfulDelete", "Deleted virtual machine pod %s", pod->meta.name);
    }
}
