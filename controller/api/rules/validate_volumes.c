// Rules over volumes, and over what cloud-init is given inline.
#include "api/rules/validate_parts.h"

#include <ctype.h>

#include "api/rules/names.h"

enum { USER_DATA_MAX = 2048, LABEL_MAX = 32 };

/* Bytes that base64 text stands for, or -1 when it is none. Line ends inside are left out, as Go's decoder does. */
static int64_t
base64_size(const char *text)
{
    int64_t n = 0;
    int pads = 0;

    for (; *text; text++) {
        if (*text == '\r' || *text == '\n') {
            continue;
        }
        if (*text == '=') {
            pads++;
        } else if (pads > 0 || (!isalnum((unsigned char)*text) && *text != '+' && *text != '/')) {
            return -1;
        }
        n++;
    }
    return n % 4 == 0 && pads <= 2 ? n / 4 * 3 - pads : -1;
}

/* 'at' names the volume and its source. */
static struct err *
check_cloud_data(const char *plain, const char *base64, const char *what, const char *hint, const char *at)
{
    int64_t size = base64 ? base64_size(base64) : (int64_t)(plain ? strlen(plain) : 0);

    if (size < 0) {
        return INVALID("%s.%sDataBase64 is not a valid base64 value.", at, what);
    }
    if (size > USER_DATA_MAX) {
        return INVALID("%s %sdata exceeds %d byte limit. Should use %s for larger data.", at, what, USER_DATA_MAX, hint);
    }
    return NULL;
}

static struct err *
check_cloud_init(const struct volume_cloud_init *c, const char *source, size_t i)
{
    AUTO(freep) char *at = xasprintf("volumes[%zu].%s", i, source);
    int user = (c->user_data != NULL) + (c->user_data_base64 != NULL) + (c->secret_ref != NULL);
    int network = (c->network_data != NULL) + (c->network_data_base64 != NULL) + (c->network_data_secret_ref != NULL);

    if (user > 1) {
        return INVALID("%s must have only one userdatasource set.", at);
    }
    if (network > 1) {
        return INVALID("%s must have only one networkdata source set.", at);
    }
    if (user + network == 0) {
        return INVALID("%s must have at least one userdatasource or one networkdatasource set.", at);
    }
    if ((c->secret_ref && str_empty(c->secret_ref->name)) ||
        (c->network_data_secret_ref && str_empty(c->network_data_secret_ref->name))) {
        return INVALID("%s: a Secret is referred to without a name", at);
    }
    struct err *e = check_cloud_data(c->user_data, c->user_data_base64, "user", "UserDataSecretRef", at);
    return e ? e : check_cloud_data(c->network_data, c->network_data_base64, "network", "NetworkDataSecretRef", at);
}

static struct err *
check_label(const char *label, const char *source, size_t i)
{
    for (const char *c = label ? label : ""; *c; c++) {
        if (c - label >= LABEL_MAX || *c < ' ' || *c > '~') {
            return INVALID("volumes[%zu].%s.volumeLabel must be at most %d printable signs of ASCII", i, source,
                           LABEL_MAX);
        }
    }
    return NULL;
}

static struct err *
check_sysprep(const struct volume_sysprep *s, size_t i)
{
    const struct local_ref *ref = s->config_map ? s->config_map : s->secret;

    if (!s->config_map == !s->secret) {
        return INVALID("volumes[%zu].sysprep must have exactly one of configMap and secret", i);
    }
    return str_empty(ref->name)
               ? INVALID("volumes[%zu].sysprep.%s.name is a required field", i, s->config_map ? "configMap" : "secret")
               : NULL;
}

/* A file in a folder, each part of the path a name: what an administrator allows is compared with it as text. */
static bool
is_host_path(const char *path)
{
    size_t n = 0;

    for (; *path == '/'; n++) {
        size_t len = strcspn(++path, "/");
        if (len == 0 || (len == 1 && path[0] == '.') || (len == 2 && path[0] == '.' && path[1] == '.')) {
            return false;
        }
        path += len;
    }
    return *path == '\0' && n >= 2;
}

static struct err *
check_host_disk(const struct volume_host_disk *d, size_t i)
{
    bool creates = str_eq(d->type, "DiskOrCreate");

    if (str_empty(d->path)) {
        return INVALID("volumes[%zu].hostDisk.path is required for hostDisk volume", i);
    }
    if (!is_host_path(d->path)) {
        return INVALID("volumes[%zu].hostDisk.path must be a file in a folder, without . and .. in it", i);
    }
    if (!creates && !str_eq(d->type, "Disk")) {
        return INVALID("volumes[%zu].hostDisk.type has invalid value '%.32s', allowed are 'Disk' or 'DiskOrCreate'", i,
                       d->type);
    }
    if (!creates && d->capacity.text) {
        return INVALID("volumes[%zu].hostDisk.capacity is allowed to pass only with hostDisk.type equal to "
                       "'DiskOrCreate'",
                       i);
    }
    return d->capacity.text && d->capacity.value <= 0
               ? INVALID("volumes[%zu].hostDisk.capacity must be greater than 0", i)
               : NULL;
}

/* Of volumes that are made of files. */
static struct err *
check_files(const struct volume *v, size_t i)
{
    if (v->config_map && str_empty(v->config_map->name)) {
        return INVALID("volumes[%zu].configMap.name is a required field", i);
    }
    if (v->secret && str_empty(v->secret->name)) {
        return INVALID("volumes[%zu].secret.secretName is a required field", i);
    }
    if (v->service_account && str_empty(v->service_account->name)) {
        return INVALID("volumes[%zu].serviceAccount.serviceAccountName is a required field", i);
    }
    if (v->config_map) {
        return check_label(v->config_map->volume_label, "configMap", i);
    }
    if (v->secret) {
        return check_label(v->secret->volume_label, "secret", i);
    }
    if (v->downward_api) {
        return check_label(v->downward_api->volume_label, "downwardAPI", i);
    }
    return v->sysprep ? check_sysprep(v->sysprep, i) : NULL;
}

static size_t
count_sources(const struct volume *v)
{
    const void *const sources[] = {
        v->pvc,        v->data_volume, v->container_disk, v->cloud_init_no_cloud, v->cloud_init_config_drive,
        v->empty_disk, v->config_map,  v->secret,         v->downward_api,        v->sysprep,
        v->ephemeral,  v->host_disk,   v->service_account};
    size_t n = v->other ? json_object_size(v->other) : 0;

    for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
        n += sources[i] != NULL;
    }
    return n;
}

static struct err *
check_volume(const struct vmi_spec *s, size_t i)
{
    const struct volume *v = &s->volumes.items[i];

    for (size_t k = 0; k < i; k++) {
        if (str_eq(s->volumes.items[k].name, v->name)) {
            return INVALID("volumes[%zu] and volumes[%zu] must not have the same Name.", k, i);
        }
    }
    if (!is_dns_label(v->name, strlen(v->name), 63)) {
        return INVALID("volumes[%zu].name '%.64s' must be small letters, digits and dashes, at most 63: it names a "
                       "volume of the pod",
                       i, v->name);
    }
    if (count_sources(v) != 1) {
        return INVALID("volumes[%zu] must have exactly one source type set", i);
    }
    if (v->data_volume && str_empty(v->data_volume->claim_name)) {
        return INVALID("volumes[%zu].dataVolume.name: DataVolume 'name' must be set", i);
    }
    if (v->empty_disk && v->empty_disk->capacity.value <= 0) {
        return INVALID("volumes[%zu].emptyDisk.capacity must be greater than 0", i);
    }
    if (v->cloud_init_no_cloud) {
        return check_cloud_init(v->cloud_init_no_cloud, "cloudInitNoCloud", i);
    }
    if (v->cloud_init_config_drive) {
        return check_cloud_init(v->cloud_init_config_drive, "cloudInitConfigDrive", i);
    }
    return v->host_disk ? check_host_disk(v->host_disk, i) : check_files(v, i);
}

void
validate_volumes(const struct vmi_spec *s, struct problems *p)
{
    size_t n_accounts = 0;

    for (size_t i = 0; i < s->volumes.n; i++) {
        problems_add(p, check_volume(s, i));
        n_accounts += s->volumes.items[i].service_account != NULL;
    }
    if (n_accounts > 1) {
        problems_add(p, INVALID("volumes must have max one serviceAccount volume set"));
    }
}
