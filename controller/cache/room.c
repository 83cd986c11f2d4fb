// Sums by namespace; a namespace without large objects has no entry.
#include "cache/room.h"

#include <uthash.h>

struct use {
    size_t bytes;  /* in all */
    size_t wishes; /* of these */
};

struct tenant {
    struct use use;
    UT_hash_handle hh;
    char namespace[];
};

struct room {
    struct use use;
    struct tenant *tenants;
};

static struct tenant *tenant_find(const struct room *r, const char *namespace);
static size_t cost_of(size_t bytes);
static bool fits(const struct use *u, enum room_part part, size_t cost, size_t max);
static void use_add(struct use *u, enum room_part part, size_t cost);
static void use_remove(struct use *u, enum room_part part, size_t cost);

struct room *
room_new(void)
{
    return XNEW(struct room);
}

void
room_free(struct room *r)
{
    struct tenant *t;
    struct tenant *tmp;

    if (!r) {
        return;
    }
    HASH_ITER(hh, r->tenants, t, tmp) {
        HASH_DEL(r->tenants, t);
        free(t);
    }
    free(r);
}

bool
room_take(struct room *r, const char *namespace, enum room_part part, size_t bytes)
{
    size_t cost = cost_of(bytes);

    if (cost == 0) {
        return true;
    }
    if (!room_has(r, namespace, part, bytes)) {
        return false;
    }
    struct tenant *t = tenant_find(r, namespace);
    if (!t) {
        size_t size = strlen(namespace) + 1;
        t = xcalloc(1, sizeof(*t) + size);
        memcpy(t->namespace, namespace, size);
        HASH_ADD_STR(r->tenants, namespace, t);
    }
    use_add(&t->use, part, cost);
    use_add(&r->use, part, cost);
    return true;
}

void
room_give(struct room *r, const char *namespace, enum room_part part, size_t bytes)
{
    size_t cost = cost_of(bytes);
    struct tenant *t = cost > 0 ? tenant_find(r, namespace) : NULL;

    if (!t) {
        return;
    }
    use_remove(&t->use, part, cost);
    use_remove(&r->use, part, cost);
    if (t->use.bytes == 0) {
        HASH_DEL(r->tenants, t);
        free(t);
    }
}

bool
room_has(const struct room *r, const char *namespace, enum room_part part, size_t bytes)
{
    static const struct use none;
    const struct tenant *t = tenant_find(r, namespace);
    size_t cost = cost_of(bytes);

    return fits(&r->use, part, cost, ROOM_TOTAL_BYTES) && fits(t ? &t->use : &none, part, cost, ROOM_NAMESPACE_BYTES);
}

size_t
room_taken(const struct room *r)
{
    return r->use.bytes;
}

static struct tenant *
tenant_find(const struct room *r, const char *namespace)
{
    struct tenant *t = NULL;

    HASH_FIND_STR(r->tenants, namespace, t);
    return t;
}

static size_t
cost_of(size_t bytes)
{
    return bytes > ROOM_FREE_BYTES ? bytes - ROOM_FREE_BYTES : 0;
}

static bool
fits(const struct use *u, enum room_part part, size_t cost, size_t max)
{
    return u->bytes + cost <= max && (part == ROOM_OTHERS || u->wishes + cost <= max / 2);
}

static void
use_add(struct use *u, enum room_part part, size_t cost)
{
    u->bytes += cost;
    u->wishes += part == ROOM_WISHES ? cost : 0;
}

static void
use_remove(struct use *u, enum room_part part, size_t cost)
{
    BUG_ON(u->bytes < cost); /* who gives has taken */
    u->bytes -= cost;
    u->wishes -= part == ROOM_WISHES ? cost : 0;
}
