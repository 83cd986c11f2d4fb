// Digest over versions: FNV-1a, 64 bits.
#include "reconcile/fingerprint.h"

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

uint64_t
fingerprint_begin(void)
{
    return FNV_BASE;
}

uint64_t
fingerprint_number(uint64_t h, uint64_t n)
{
    return add_bytes(h, &n, sizeof(n));
}

uint64_t
fingerprint_object(uint64_t h, const struct object *o)
{
    if (!o) {
        return fingerprint_number(h, 0);
    }
    h = add_bytes(h, o->uid, strlen(o->uid) + 1);
    h = add_bytes(h, o->resource_version, strlen(o->resource_version) + 1);
    return fingerprint_number(h, (o->expects_deletion ? 2 : 1) + (o->hidden ? 2 : 0));
}

static bool
add_one(void *arg, const struct object *object)
{
    uint64_t *h = arg;

    *h = fingerprint_object(*h, object);
    return true;
}

uint64_t
fingerprint_about(uint64_t h, const struct store *s, const char *namespace, const char *subject)
{
    store_each_about(s, namespace, subject, add_one, &h);
    return h;
}

uint64_t
fingerprint_end(uint64_t h)
{
    return h != 0 ? h : 1;
}
