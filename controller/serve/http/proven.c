// A table in the order in which its entries were last proven, which is what uthash keeps anyway.
#include "serve/http/proven.h"

struct proven_entry {
    struct crowd_address address;
    int64_t until_ms;
    UT_hash_handle hh;
};

static struct proven_entry *
find(const struct proven *p, const struct crowd_address *a)
{
    struct proven_entry *e = NULL;

    HASH_FIND(hh, p->entries, a, sizeof(*a), e);
    return e;
}

static void
drop(struct proven *p, struct proven_entry *e)
{
    HASH_DEL(p->entries, e);
    free(e);
}

void
proven_add(struct proven *p, const struct crowd_address *a, int64_t now_ms)
{
    struct proven_entry *e = find(p, a);

    if (e) {
        drop(p, e); /* and to the end with it */
    }
    while (p->entries && (p->entries->until_ms <= now_ms || HASH_COUNT(p->entries) >= PROVEN_MAX)) {
        drop(p, p->entries);
    }
    e = XNEW(struct proven_entry);
    e->address = *a;
    e->until_ms = now_ms + PROVEN_MS;
    HASH_ADD(hh, p->entries, address, sizeof(e->address), e);
}

bool
proven_has(const struct proven *p, const struct crowd_address *a, int64_t now_ms)
{
    const struct proven_entry *e = find(p, a);

    return e && e->until_ms > now_ms;
}

void
proven_fini(struct proven *p)
{
    while (p->entries) {
        drop(p, p->entries);
    }
}
