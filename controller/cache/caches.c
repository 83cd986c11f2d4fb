// A handful of kinds: found one after the other.
#include "cache/caches.h"

struct caches {
    const struct kind *const *kinds;
    size_t n;
    struct room *room;
    struct informer **informers;
};

struct caches *
caches_new(const struct kind *const *kinds, size_t n, informer_changed_fn *changed, void *arg)
{
    struct caches *c = XNEW(struct caches);

    c->kinds = kinds;
    c->n = n;
    c->room = room_new();
    c->informers = xcalloc(n, sizeof(struct informer *));
    for (size_t i = 0; i < n; i++) {
        c->informers[i] = informer_new_in(c->room, kinds[i], changed, arg);
    }
    return c;
}

void
caches_free(struct caches *c)
{
    if (!c) {
        return;
    }
    for (size_t i = 0; i < c->n; i++) {
        informer_free(c->informers[i]);
    }
    free(c->informers);
    room_free(c->room);
    free(c);
}

struct informer *
caches_informer(const struct caches *c, const struct kind *kind)
{
    for (size_t i = 0; i < c->n; i++) {
        if (c->kinds[i] == kind) {
            return c->informers[i];
        }
    }
    BUG_ON(true);
}

const struct store *
caches_store(const struct caches *c, const struct kind *kind)
{
    return informer_store(caches_informer(c, kind));
}

size_t
caches_room_taken(const struct caches *c)
{
    return room_taken(c->room);
}

const struct kind *
caches_kind_of(const struct caches *c, const char *key)
{
    for (size_t i = 0; i < c->n; i++) {
        const char *name = c->kinds[i]->name;
        if (str_starts(key, name) && key[strlen(name)] == '/') {
            return c->kinds[i];
        }
    }
    BUG_ON(true);
}

char *
queue_key(const struct kind *kind, const char *store_key)
{
    return xasprintf("%s/%s", kind->name, store_key);
}
