// The kubelet's words, looked through for names that the spec has.
#include "reconcile/vmi/pod_warnings.h"

enum { FIRST_READ_S = 3, READ_EVERY_MAX_S = 60, WAITING_PER_READ_S = 40 };

#define NO_PULL_SECRET "Unable to retrieve some image pull secrets ("

/* An object that a volume names, and whose absence only the kubelet tells. */
struct need {
    const char *kind; /* as the kubelet writes it */
    const char *name; /* NULL, empty: none is named */
    const char *field;
};

enum { NEEDS_MAX = 8 };

static void
need_add(struct need *needs, size_t *n, const char *kind, const char *name, const char *field)
{
    if (!str_empty(name)) {
        needs[(*n)++] = (struct need){kind, name, field};
    }
}

static void
needs_of_cloud_init(const struct volume *vol, struct need *needs, size_t *n)
{
    const struct volume_cloud_init *c = vol->cloud_init_no_cloud;
    const struct volume_cloud_init *d = vol->cloud_init_config_drive;

    if (c && c->secret_ref) {
        need_add(needs, n, "secret", c->secret_ref->name, "cloudInitNoCloud.secretRef.name");
    }
    if (c && c->network_data_secret_ref) {
        need_add(needs, n, "secret", c->network_data_secret_ref->name, "cloudInitNoCloud.networkDataSecretRef.name");
    }
    if (d && d->secret_ref) {
        need_add(needs, n, "secret", d->secret_ref->name, "cloudInitConfigDrive.secretRef.name");
    }
    if (d && d->network_data_secret_ref) {
        need_add(needs, n, "secret", d->network_data_secret_ref->name, "cloudInitConfigDrive.networkDataSecretRef.name");
    }
}

/* What a volume of a valid spec cannot do without, beside a Secret to pull an image with. */
static size_t
needs_of(const struct volume *vol, struct need *needs)
{
    const struct volume_sysprep *s = vol->sysprep;
    size_t n = 0;

    needs_of_cloud_init(vol, needs, &n);
    if (vol->config_map && vol->config_map->optional != TRI_TRUE) {
        need_add(needs, &n, "configmap", vol->config_map->name, "configMap.name");
    }
    if (vol->secret && vol->secret->optional != TRI_TRUE) {
        need_add(needs, &n, "secret", vol->secret->name, "secret.secretName");
    }
    if (s && s->config_map) {
        need_add(needs, &n, "configmap", s->config_map->name, "sysprep.configMap.name");
    }
    if (s && s->secret) {
        need_add(needs, &n, "secret", s->secret->name, "sysprep.secret.name");
    }
    return n;
}

/* Without a name when it has neither: an instance that runs may be given a spec that cannot. */
static struct need
need_of_credential(const struct access_credential *c)
{
    if (!c->ssh && !c->password) {
        return (struct need){0};
    }
    return c->ssh ? (struct need){"secret", c->ssh->secret_name, "sshPublicKey.source.secret.secretName"}
                  : (struct need){"secret", c->password->secret_name, "userPassword.source.secret.secretName"};
}

static bool
needs_any(const struct volume *vol)
{
    struct need needs[NEEDS_MAX];

    return needs_of(vol, needs) > 0 || (vol->container_disk && !str_empty(vol->container_disk->image_pull_secret));
}

bool
pod_warnings_matter(const struct vmi_view *v)
{
    bool waits = v->has_pod && v->active->pod.node_name && !v->active->pod.started && !v->active->pod.going &&
                 !v->going && !v->active->pod.terminated && !pod_is_over(&v->active->pod);

    if (waits && v->vmi.spec.access_credentials.n > 0) {
        return true;
    }
    for (size_t i = 0; waits && i < v->vmi.spec.volumes.n; i++) {
        if (needs_any(&v->vmi.spec.volumes.items[i])) {
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
is_not_mounted(const struct vmi_view *v, const struct need *need)
{
    return strstr(v->warnings, arena_printf(v->arena, "%s \"%s\" not found", need->kind, need->name));
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

static struct pod_missing
missing(const struct vmi_view *v, const struct need *need, const char *list, size_t place)
{
    bool is_secret = str_eq(need->kind, "secret");

    return (struct pod_missing){
        .reason = is_secret ? "SecretNotFound" : "ConfigMapNotFound",
        .message =
            arena_printf(v->arena,
                         "%s %s does not exist in namespace %s: create it, or correct spec.%s%s[%zu].%s; once it is "
                         "there the guest starts within two minutes",
                         is_secret ? "Secret" : "ConfigMap", need->name, v->vmi.meta.namespace,
                         v->has_template ? "template.spec." : "", list, place, need->field)};
}

struct pod_missing
pod_warnings_missing(const struct vmi_view *v)
{
    struct need needs[NEEDS_MAX];

    if (str_empty(v->warnings) || !pod_warnings_matter(v)) {
        return (struct pod_missing){0};
    }
    for (size_t i = 0; i < v->vmi.spec.volumes.n; i++) {
        const struct volume *vol = &v->vmi.spec.volumes.items[i];
        size_t n = needs_of(vol, needs);

        for (size_t k = 0; k < n; k++) {
            if (is_not_mounted(v, &needs[k])) {
                return missing(v, &needs[k], "volumes", i);
            }
        }
        if (vol->container_disk && is_not_pulled_with(v, vol->container_disk->image_pull_secret)) {
            const struct need pull = {"secret", vol->container_disk->image_pull_secret, "containerDisk.imagePullSecret"};
            return missing(v, &pull, "volumes", i);
        }
    }
    for (size_t i = 0; i < v->vmi.spec.access_credentials.n; i++) {
        const struct need need = need_of_credential(&v->vmi.spec.access_credentials.items[i]);
        if (!str_empty(need.name) && is_not_mounted(v, &need)) {
            return missing(v, &need, "accessCredentials", i);
        }
    }
    return (struct pod_missing){0};
}
