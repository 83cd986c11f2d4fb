// The kubelet's words, looked through for names that the spec has.
#include "reconcile/vmi/pod_warnings.h"

enum { FIRST_READ_S = 3, READ_EVERY_MAX_S = 60, WAITING_PER_READ_S = 40 };

#define NO_PULL_SECRET "Unable to retrieve some image pull secrets ("

static bool
names_secret(const struct volume *vol)
{
    const struct volume_cloud_init *c = vol->cloud_init_no_cloud;

    return (c && (c->secret_ref || c->network_data_secret_ref)) ||
           (vol->container_disk && !str_empty(vol->container_disk->image_pull_secret));
}

bool
pod_warnings_matter(const struct vmi_view *v)
{
    bool waits = v->has_pod && v->active->pod.node_name && !v->active->pod.started && !v->active->pod.going &&
                 !v->going && !v->active->pod.terminated && !pod_is_over(&v->active->pod);

    for (size_t i = 0; waits && i < v->vmi.spec.volumes.n; i++) {
        if (names_secret(&v->vmi.spec.volumes.items[i])) {
            return true;
        }
    }
    return false;
}

/* Most pods run before the first time comes. In a crowd all are slower, so patience grows with it; and with the age of the pod. */
int64_t
pod_warnings_due_s(const struct vmi_view *v)
{
    int64_t age_s = v->now_s - v->active->pod.meta.creation_s;
    int64_t first_s = FIRST_READ_S + (int64_t)(v->n_waiting / WAITING_PER_READ_S);
    int64_t every_s = age_s / 2 < first_s ? first_s : age_s / 2;
    int64_t left_s = v->warnings ? v->warned_s + (every_s < READ_EVERY_MAX_S ? every_s : READ_EVERY_MAX_S) - v->now_s
                                 : first_s - age_s;

    return left_s > 0 && left_s <= READ_EVERY_MAX_S ? left_s : 0; /* more: the clock was set back */
}

/* A name of the list between the parentheses. */
static bool
is_listed(const char *line, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = line; *at && *at != ')' && *at != '\n'; at += strcspn(at, ", )\n")) {
        at += strspn(at, ", ");
        if (strncmp(at, name, len) == 0 && strchr(", )", at[len])) {
            return true;
        }
        if (strchr(")\n", *at)) { /* the end counts as one of these */
            break;
        }
    }
    return false;
}

static bool
is_not_mounted(const struct vmi_view *v, const struct local_ref *ref)
{
    return ref && !str_empty(ref->name) &&
           strstr(v->warnings, arena_printf(v->arena, "secret \"%s\" not found", ref->name));
}

static bool
is_not_pulled_with(const struct vmi_view *v, const char *name)
{
    for (const char *at = strstr(v->warnings, NO_PULL_SECRET); !str_empty(name) && at; at = strstr(at, NO_PULL_SECRET)) {
        at += sizeof(NO_PULL_SECRET) - 1;
        if (is_listed(at, name)) {
            return true;
        }
    }
    return false;
}

static const char *
missing(const struct vmi_view *v, const char *secret, size_t volume, const char *field)
{
    return arena_printf(
        v->arena,
        "Secret %s does not exist in namespace %s: create it, or correct spec.%svolumes[%zu].%s; once it is "
        "there the guest starts within two minutes",
        secret, v->vmi.meta.namespace, v->has_template ? "template.spec." : "", volume, field);
}

const char *
pod_warnings_secret(const struct vmi_view *v)
{
    if (str_empty(v->warnings) || !pod_warnings_matter(v)) {
        return NULL;
    }
    for (size_t i = 0; i < v->vmi.spec.volumes.n; i++) {
        const struct volume *vol = &v->vmi.spec.volumes.items[i];
        const struct volume_cloud_init *c = vol->cloud_init_no_cloud;

        if (c && is_not_mounted(v, c->secret_ref)) {
            return missing(v, c->secret_ref->name, i, "cloudInitNoCloud.secretRef.name");
        }
        if (c && is_not_mounted(v, c->network_data_secret_ref)) {
            return missing(v, c->network_data_secret_ref->name, i, "cloudInitNoCloud.networkDataSecretRef.name");
        }
        if (vol->container_disk && is_not_pulled_with(v, vol->container_disk->image_pull_secret)) {
            return missing(v, vol->container_disk->image_pull_secret, i, "containerDisk.imagePullSecret");
        }
    }
    return NULL;
}
