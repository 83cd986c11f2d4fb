// One pod volume per volume of the guest, and the launcher's own.
#include "reconcile/pod/pod_volumes.h"

#include "api/walk/quantity.h"
#include "reconcile/pod/storage.h"

/* A disk is made of the guest's token once: it is asked for as long as an API server gives one, which ends with the pod at the latest. */
enum { TOKEN_LIFE_S = 3600, GUEST_TOKEN_LIFE_S = 365 * 24 * 3600 };

static void add_own(const struct vmi_view *v, struct pod_volumes *pv);
static void add_guest(const struct vmi_view *v, const struct volume *vol, struct pod_volumes *pv);
static void add_state(const struct vmi_view *v, struct pod_volumes *pv);
static void add_kernel(const struct vmi_view *v, struct pod_volumes *pv);
static void add_image(const struct volume *vol, struct pod_volumes *pv);
static void add_claim(const struct vmi_view *v, const struct volume *vol, struct pod_volumes *pv);
static void add_cloud_init(const struct volume *vol, struct pod_volumes *pv);
static void add_host_disk(const struct volume *vol, struct pod_volumes *pv);
static void add_files(const struct volume *vol, struct pod_volumes *pv);
static void add_credentials(const struct vmi_spec *s, struct pod_volumes *pv);
static void append(json_t *list, json_t *item);
static const char *pull_policy_name(enum pull_policy p);

struct pod_volumes
pod_volumes_make(const struct vmi_view *v)
{
    struct pod_volumes pv = {
        .volumes = json_array(), .mounts = json_array(), .devices = json_array(), .pull_secrets = json_array()};

    add_own(v, &pv);
    for (size_t i = 0; i < v->vmi.spec.volumes.n; i++) {
        add_guest(v, &v->vmi.spec.volumes.items[i], &pv);
    }
    add_credentials(&v->vmi.spec, &pv);
    add_state(v, &pv);
    add_kernel(v, &pv);
    return pv;
}

/* The instance and whom to trust come through the downward API, so the guest boots with nobody else around; the token is good for
 * the gateway only. Projected, image and secret volumes are read-only whatever their mounts say. */
static void
add_own(const struct vmi_view *v, struct pod_volumes *pv)
{
    const char *limit = quantity_format_bytes(v->arena, storage_need(&v->vmi.spec, v->config).data_limit);

    append(pv->volumes,
           json_pack("{s:s, s:{s:[{s:{s:[{s:s, s:{s:s}}, {s:s, s:{s:s}}]}}, {s:{s:s, s:i, s:s}}]}}", "name", "info",
                     "projected", "sources", "downwardAPI", "items", "path", "instance.json", "fieldRef", "fieldPath",
                     "metadata.annotations['" INSTANCE_ANNOTATION "']", "path", "gateway-pins", "fieldRef", "fieldPath",
                     "metadata.annotations['" GATEWAY_PINS_ANNOTATION "']", "serviceAccountToken", "audience",
                     GATEWAY_AUDIENCE, "expirationSeconds", TOKEN_LIFE_S, "path", "token"));
    append(pv->mounts, json_pack("{s:s, s:s}", "name", "info", "mountPath", LAUNCHER_INFO_DIR));
    append(pv->volumes, json_pack("{s:s, s:{s:s}}", "name", "data", "emptyDir", "sizeLimit", limit));
    append(pv->mounts, json_pack("{s:s, s:s}", "name", "data", "mountPath", LAUNCHER_DIR));
    if (tpm_is_there(v->vmi.spec.domain.tpm)) { /* swtpm_setup knows no other place for its files than /tmp */
        append(pv->mounts, json_pack("{s:s, s:s, s:s}", "name", "data", "mountPath", "/tmp", "subPath", "tmp"));
    }
}

static void
add_guest(const struct vmi_view *v, const struct volume *vol, struct pod_volumes *pv)
{
    if (vol->container_disk) {
        add_image(vol, pv);
    } else if (volume_claim(vol)) {
        add_claim(v, vol, pv);
    } else if (vol->cloud_init_no_cloud || vol->cloud_init_config_drive) {
        add_cloud_init(vol, pv);
    } else if (vol->host_disk) {
        add_host_disk(vol, pv);
    } else {
        add_files(vol, pv);
    } /* emptyDisk: a file of the launcher's own in its data folder */
}

static void
add_state(const struct vmi_view *v, struct pod_volumes *pv)
{
    const struct claim_view *c = vmi_state_claim(v);

    if (c) {
        append(pv->volumes, json_pack("{s:s, s:{s:s}}", "name", "state", "persistentVolumeClaim", "claimName", c->name));
        append(pv->mounts, json_pack("{s:s, s:s}", "name", "state", "mountPath", LAUNCHER_STATE_DIR));
    }
}

/* Names of the guest's volumes are DNS labels of their own: a prefix keeps them apart from ours. */
static void
add_image(const struct volume *vol, struct pod_volumes *pv)
{
    const struct volume_container_disk *d = vol->container_disk;
    AUTO(freep) char *name = xasprintf("vol-%s", vol->name);
    AUTO(freep) char *path = xasprintf("%s/%s", LAUNCHER_DISK_DIR, vol->name);

    append(pv->volumes, json_pack("{s:s, s:{s:s, s:s}}", "name", name, "image", "reference", d->image, "pullPolicy",
                                  pull_policy_name(d->image_pull_policy)));
    append(pv->mounts, json_pack("{s:s, s:s}", "name", name, "mountPath", path));
    if (!str_empty(d->image_pull_secret)) {
        append(pv->pull_secrets, json_pack("{s:s}", "name", d->image_pull_secret));
    }
}

static void
add_kernel(const struct vmi_view *v, struct pod_volumes *pv)
{
    const struct kernel_boot *k = v->vmi.spec.domain.firmware.kernel_boot;
    const struct kernel_container *c = k ? k->container : NULL;

    if (!c) {
        return;
    }
    append(pv->volumes, json_pack("{s:s, s:{s:s, s:s}}", "name", "kernel", "image", "reference", c->image, "pullPolicy",
                                  pull_policy_name(c->image_pull_policy)));
    append(pv->mounts, json_pack("{s:s, s:s}", "name", "kernel", "mountPath", LAUNCHER_KERNEL_DIR));
    if (!str_empty(c->image_pull_secret)) {
        append(pv->pull_secrets, json_pack("{s:s}", "name", c->image_pull_secret));
    }
}

static void
add_claim(const struct vmi_view *v, const struct volume *vol, struct pod_volumes *pv)
{
    const struct claim_view *c = claim_find(&v->claims, volume_claim(vol)->claim_name);
    bool is_block = c && c->is_block;
    AUTO(freep) char *name = xasprintf("vol-%s", vol->name);
    AUTO(freep) char *path = xasprintf("%s/%s", is_block ? LAUNCHER_BLOCK_DIR : LAUNCHER_DISK_DIR, vol->name);
    json_t *claim = json_pack("{s:s}", "claimName", volume_claim(vol)->claim_name);

    if (vol->ephemeral || volume_claim(vol)->read_only == TRI_TRUE) {
        (void)json_object_set_new(claim, "readOnly", json_true());
    }
    append(pv->volumes, json_pack("{s:s, s:o}", "name", name, "persistentVolumeClaim", claim));
    if (is_block) {
        append(pv->devices, json_pack("{s:s, s:s}", "name", name, "devicePath", path));
    } else {
        append(pv->mounts, json_pack("{s:s, s:s}", "name", name, "mountPath", path));
    }
}

static void
add_secret(const struct volume *vol, const char *secret, const char *part, struct pod_volumes *pv)
{
    AUTO(freep) char *name = xasprintf("%s-%s", part, vol->name);
    AUTO(freep) char *path = xasprintf("%s/%s/%s", LAUNCHER_SECRET_DIR, vol->name, part);

    append(pv->volumes, json_pack("{s:s, s:{s:s}}", "name", name, "secret", "secretName", secret));
    append(pv->mounts, json_pack("{s:s, s:s}", "name", name, "mountPath", path));
}

static void
add_cloud_init(const struct volume *vol, struct pod_volumes *pv)
{
    const struct volume_cloud_init *c =
        vol->cloud_init_config_drive ? vol->cloud_init_config_drive : vol->cloud_init_no_cloud;

    /* inline data is in the instance */
    if (c->secret_ref) {
        add_secret(vol, c->secret_ref->name, "user", pv);
    }
    if (c->network_data_secret_ref) {
        add_secret(vol, c->network_data_secret_ref->name, "network", pv);
    }
}

/* The folder, not the file: in the pod a symbolic link leads nowhere on the node, and the kubelet would follow one. */
static void
add_host_disk(const struct volume *vol, struct pod_volumes *pv)
{
    const char *file = vol->host_disk->path;
    AUTO(freep) char *folder = xstrndup(file, (size_t)(strrchr(file, '/') - file));
    AUTO(freep) char *name = xasprintf("vol-%s", vol->name);
    AUTO(freep) char *path = xasprintf("%s/%s", LAUNCHER_DISK_DIR, vol->name);

    append(pv->volumes, json_pack("{s:s, s:{s:s, s:s}}", "name", name, "hostPath", "path", folder, "type", "Directory"));
    append(pv->mounts, json_pack("{s:s, s:s}", "name", name, "mountPath", path));
}

static json_t *
object_source(const char *key, const char *name, enum tri optional)
{
    json_t *source = json_pack("{s:s}", key, name);

    if (optional == TRI_TRUE) {
        (void)json_object_set_new(source, "optional", json_true());
    }
    return source;
}

/* The pod itself has no token of the API server: only the disk is made of one. */
static json_t *
token_source(void)
{
    return json_pack("{s:[{s:{s:i, s:s}}, {s:{s:s, s:[{s:s, s:s}]}}, {s:{s:[{s:s, s:{s:s}}]}}]}", "sources",
                     "serviceAccountToken", "expirationSeconds", GUEST_TOKEN_LIFE_S, "path", "token", "configMap",
                     "name", "kube-root-ca.crt", "items", "key", "ca.crt", "path", "ca.crt", "downwardAPI", "items",
                     "path", "namespace", "fieldRef", "fieldPath", "metadata.namespace");
}

static json_t *
fields_source(const json_t *fields)
{
    return fields ? json_pack("{s:O}", "items", (json_t *)(uintptr_t)fields) : json_object();
}

/* What a disk is made of by the launcher; NULL: it is not made of files. */
static json_t *
files_source(const struct volume *vol, const char **ret_key)
{
    const struct volume_sysprep *s = vol->sysprep;

    if (vol->config_map || (s && s->config_map)) {
        *ret_key = "configMap";
        return vol->config_map ? object_source("name", vol->config_map->name, vol->config_map->optional)
                               : object_source("name", s->config_map->name, TRI_UNSET);
    }
    if (vol->secret || s) {
        *ret_key = "secret";
        return vol->secret ? object_source("secretName", vol->secret->name, vol->secret->optional)
                           : object_source("secretName", s->secret->name, TRI_UNSET);
    }
    *ret_key = vol->service_account ? "projected" : "downwardAPI";
    return vol->service_account ? token_source() : vol->downward_api ? fields_source(vol->downward_api->fields) : NULL;
}

static void
add_files(const struct volume *vol, struct pod_volumes *pv)
{
    AUTO(freep) char *name = xasprintf("vol-%s", vol->name);
    AUTO(freep) char *path = xasprintf("%s/%s", LAUNCHER_FILES_DIR, vol->name);
    const char *key;
    json_t *source = files_source(vol, &key);

    if (source) {
        append(pv->volumes, json_pack("{s:s, s:o}", "name", name, key, source));
        append(pv->mounts, json_pack("{s:s, s:s}", "name", name, "mountPath", path));
    }
}

static void
add_credentials(const struct vmi_spec *s, struct pod_volumes *pv)
{
    for (size_t i = 0; i < s->access_credentials.n; i++) {
        const struct access_credential *c = &s->access_credentials.items[i];
        AUTO(freep) char *name = xasprintf("cred-%zu", i);
        AUTO(freep) char *path = xasprintf("%s/%zu", LAUNCHER_CREDENTIALS_DIR, i);

        append(pv->volumes, json_pack("{s:s, s:{s:s}}", "name", name, "secret", "secretName",
                                      c->ssh ? c->ssh->secret_name : c->password->secret_name));
        append(pv->mounts, json_pack("{s:s, s:s}", "name", name, "mountPath", path));
    }
}

static void
append(json_t *list, json_t *item)
{
    BUG_ON(json_array_append_new(list, item) != 0);
}

static const char *
pull_policy_name(enum pull_policy p)
{
    switch (p) {
    case PULL_ALWAYS:
        return "Always";
    case PULL_NEVER:
        return "Never";
    case PULL_UNSET:
    case PULL_IF_NOT_PRESENT:
        break;
    }
    return "IfNotPresent";
}
