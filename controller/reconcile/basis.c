// Digest over versions: FNV-1a, 64 bits.
#include "reconcile/basis.h"

#define FNV_BASE 0xcbf29ce484222325ULL
#define FNV_PRIME 0x100000001b3ULL

static uint64_t
add_bytes(uint64_t h, const void *bytes, size_t len)
{
    const unsigned char *p = bytes;

    for (size_t i = 0; i < len; i++) {
        h = (h ^ p[i]) * FNV_PRIME;
    }
    return h;
}

static uint64_t
add_number(uint64_t h, uint64_t n)
{
    return add_bytes(h, &n, sizeof(n));
}

static uint64_t
add_object(uint64_t h, const struct object *o)
{
    if (!o) {
        return add_number(h, 0);
    }
    h = add_bytes(h, o->uid, strlen(o->uid) + 1);
    h = add_bytes(h, o->resource_version, strlen(o->resource_version) + 1);
    return add_number(h, (o->doomed ? 2 : 1) + (o->hidden ? 2 : 0));
}

static bool
add_pod(void *arg, const struct object *pod)
{
    uint64_t *h = arg;

    *h = add_object(*h, pod);
    return true;
}

static uint64_t
basis_end(uint64_t h)
{
    return h != 0 ? h : 1;
}

uint64_t
basis_of_vm(const struct object *vm, const struct object *vmi, uint64_t config_version)
{
    return basis_end(add_number(add_object(add_object(FNV_BASE, vm), vmi), config_version));
}

uint64_t
basis_of_vmi(const struct object *vmi, const struct vmi_sources *src, uint64_t config_version)
{
    const struct launcher *l = launchers_get(src->launchers, vmi->uid);
    const char *name = strchr(vmi->key, '/') + 1;
    AUTO(freep) char *namespace = xstrndup(vmi->key, (size_t)(name - vmi->key) - 1);
    uint64_t h = add_number(add_object(FNV_BASE, vmi), config_version);

    store_each_about(src->pods, namespace, name, add_pod, &h);
    h = add_number(h, l ? l->version : 0);
    h = add_number(h, src->foreign ? foreign_about(src->foreign, vmi->uid).version : 0);
    /* of claims and Services only that none has changed: which are read is not known before the look */
    h = add_number(h, store_changes(src->pvcs));
    return basis_end(add_number(h, store_changes(src->services)));
}
