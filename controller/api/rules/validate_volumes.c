// Rules over volumes, and over what cloud-init is given inline.
#include "api/rules/validate_parts.h"

#include <ctype.h>

#include "api/rules/names.h"

enum { USER_DATA_MAX = 2048 };

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

static struct err *
check_cloud_data(const char *plain, const char *base64, const char *what, const char *hint, size_t i)
{
    int64_t size = base64 ? base64_size(base64) : (int64_t)(plain ? strlen(plain) : 0);

    if (size < 0) {
        return INVALID("volumes[%zu].cloudInitNoCloud.%sDataBase64 is not a valid base64 value.", i, what);
    }
    if (size > USER_DATA_MAX) {
        return INVALID("volumes[%zu].cloudInitNoCloud %sdata exceeds %d byte limit. Should use %s for larger data.", i,
                       what, USER_DATA_MAX, hint);
    }
    return NULL;
}

static struct err *
check_cloud_init(const struct volume_cloud_init *c, size_t i)
{
    int user = (c->user_data != NULL) + (c->user_data_base64 != NULL) + (c->secret_ref != NULL);
    int network = (c->network_data != NULL) + (c->network_data_base64 != NULL) + (c->network_data_secret_ref != NULL);

    if (user > 1) {
        return INVALID("volumes[%zu].cloudInitNoCloud must have only one userdatasource set.", i);
    }
    if (network > 1) {
        return INVALID("volumes[%zu].cloudInitNoCloud must have only one networkdata source set.", i);
    }
    if (user + network == 0) {
        return INVALID(
            "volumes[%zu].cloudInitNoCloud must have at least one userdatasource or one networkdatasource set.", i);
    }
    if ((c->secret_ref && str_empty(c->secret_ref->name)) ||
        (c->network_data_secret_ref && str_empty(c->network_data_secret_ref->name))) {
        return INVALID("volumes[%zu].cloudInitNoCloud: a Secret is referred to without a name", i);
    }
    struct err *e = check_cloud_data(c->user_data, c->user_data_base64, "user", "UserDataSecretRef", i);
    return e ? e : check_cloud_data(c->network_data, c->network_data_base64, "network", "NetworkDataSecretRef", i);
}

static struct err *
check_volume(const struct vmi_spec *s, size_t i)
{
    const struct volume *v = &s->volumes.items[i];
    size_t sources = (v->pvc != NULL) + (v->container_disk != NULL) + (v->cloud_init_no_cloud != NULL) +
                     (v->empty_disk != NULL) + (v->other ? json_object_size(v->other) : 0);

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
    if (sources != 1) {
        return INVALID("volumes[%zu] must have exactly one source type set", i);
    }
    if (v->empty_disk && v->empty_disk->capacity.value <= 0) {
        return INVALID("volumes[%zu].emptyDisk.capacity must be greater than 0", i);
    }
    return v->cloud_init_no_cloud ? check_cloud_init(v->cloud_init_no_cloud, i) : NULL;
}

void
validate_volumes(const struct vmi_spec *s, struct problems *p)
{
    for (size_t i = 0; i < s->volumes.n; i++) {
        problems_add(p, check_volume(s, i));
    }
}
