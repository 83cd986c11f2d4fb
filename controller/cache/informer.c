// Watch events into the store, changes out.
#include "cache/informer.h"

#include "cache/entry.h"
#include "cache/transform.h"

struct informer {
    struct store *store;
    struct room *own_room;
    informer_changed_fn *changed;
    void *arg;
    bool is_synced;
};

static void informer_put(struct informer *i, const char *key, const json_t *object, const char *why);
static void informer_gone(void *arg, const struct object *object);
static char *object_key(const json_t *object);
static bool is_in_sight(const struct informer *i, const json_t *object);

struct informer *
informer_new(const struct kind *kind, informer_changed_fn *changed, void *arg)
{
    struct room *own = room_new();
    struct informer *i = informer_new_in(own, kind, changed, arg);

    i->own_room = own;
    return i;
}

struct informer *
informer_new_in(struct room *room, const struct kind *kind, informer_changed_fn *changed, void *arg)
{
    struct informer *i = XNEW(struct informer);

    i->store = store_new(kind, room);
    i->changed = changed;
    i->arg = arg;
    return i;
}

void
informer_free(struct informer *i)
{
    if (!i) {
        return;
    }
    store_free(i->store);
    room_free(i->own_room);
    free(i);
}

const struct store *
informer_store(const struct informer *i)
{
    return i->store;
}

bool
informer_is_synced(const struct informer *i)
{
    return i->is_synced;
}

void
informer_begin(struct informer *i)
{
    store_mark(i->store);
}

void
informer_apply(struct informer *i, const json_t *object, bool removed, const char *why)
{
    const struct kind *kind = store_kind(i->store);

    if (!transform_is_legal(kind, object)) {
        return;
    }
    const char *uid = json_str(json_at(object, "metadata", NULL), "uid");
    AUTO(freep) char *key = object_key(object);
    const struct object *old = store_get(i->store, key);

    if (removed) {
        if (old && str_eq(old->uid, uid)) {
            informer_gone(i, old);
            (void)store_remove(i->store, key);
            if (kind->has_ended && kind->has_ended(object)) {
                store_prove_end(i->store, uid);
            }
        }
        return;
    }
    store_hide(i->store, key, false);
    informer_put(i, key, object, why);
}

void
informer_restart(struct informer *i)
{
    i->is_synced = false;
}

void
informer_synced(struct informer *i)
{
    store_sweep(i->store, informer_gone, i);
    store_set_serving(i->store, STORE_SERVED);
    i->is_synced = true;
}

void
informer_absent(struct informer *i, bool is_refused)
{
    store_mark(i->store);
    store_sweep(i->store, informer_gone, i);
    store_set_serving(i->store, is_refused ? STORE_REFUSED : STORE_UNSERVED);
    i->is_synced = true;
}

void
informer_own(struct informer *i, const json_t *object, const char *base_version)
{
    if (!transform_is_legal(store_kind(i->store), object)) {
        return; /* no object: a Status */
    }
    const char *uid = json_str(json_at(object, "metadata", NULL), "uid");
    AUTO(freep) char *key = object_key(object);
    const struct object *old = store_get(i->store, key);
    bool is_same = old && str_eq(old->uid, uid);
    bool is_next = is_same && base_version && str_eq(old->resource_version, base_version);
    /* Of a header that has come by the watch the answer to our write knows more. */
    bool is_this = is_same && old->why &&
                   str_eq(old->resource_version, json_str(json_at(object, "metadata", NULL), "resourceVersion"));
    bool is_new = !is_same && !base_version && !store_has_tombstone(i->store, uid);
    if (is_next || is_this || is_new) {
        store_hide(i->store, key, old && old->hidden && !is_in_sight(i, object));
        informer_put(i, key, object, NULL);
    }
}

bool
informer_found(struct informer *i, const json_t *object)
{
    AUTO(freep) char *key = object_key(object);

    if (!transform_is_legal(store_kind(i->store), object) || is_in_sight(i, object)) {
        return false;
    }
    informer_put(i, key, object, NULL);
    store_hide(i->store, key, true);
    return true;
}

void
informer_lost(struct informer *i, const char *key, const char *uid)
{
    const struct object *old = store_get(i->store, key);

    if (old && str_eq(old->uid, uid)) {
        informer_gone(i, old);
        (void)store_remove(i->store, key);
    }
    store_prove_end(i->store, uid);
}

void
informer_note_status(struct informer *i, const char *key, const char *uid, const json_t *status)
{
    store_note_status(i->store, key, uid, status);
}

void
informer_expect_deletion(struct informer *i, const char *key, const char *uid)
{
    store_expect_deletion(i->store, key, uid);
    const struct object *object = store_get(i->store, key);
    if (object) {
        i->changed(i->arg, store_kind(i->store), object, false);
    }
}

void
informer_note_fingerprint(struct informer *i, const char *key, uint64_t fingerprint)
{
    store_note_fingerprint(i->store, key, fingerprint);
}

static void
informer_put(struct informer *i, const char *key, const json_t *object, const char *why)
{
    const struct kind *kind = store_kind(i->store);
    const char *uid = json_str(json_at(object, "metadata", NULL), "uid");
    const struct object *old = store_get(i->store, key);

    if (old && !str_eq(old->uid, uid)) { /* deleted and made anew between two events */
        informer_gone(i, old);
        (void)store_remove(i->store, key);
    }
    AUTO(json_freep) json_t *kept = transform_object(kind, object);
    old = store_get(i->store, key);
    AUTO(packed_freep) struct packed *before = old && kind->tells_both ? packed_copy(old->json) : NULL;
    bool is_let_go = old && !str_empty(old->owner_uid) && !str_eq(old->owner_uid, entry_owner(kept, "uid"));
    AUTO(freep) char *owner_uid = is_let_go ? xstrdup(old->owner_uid) : NULL;
    AUTO(freep) char *owner_name = is_let_go ? xstrdup(old->owner_name) : NULL;
    if (!store_put(i->store, kept, why)) {
        return;
    }
    const struct object *now = store_get(i->store, key);
    if (is_let_go) { /* whose it was has one less */
        struct object was = *now;
        was.owner_uid = owner_uid;
        was.owner_name = owner_name;
        i->changed(i->arg, kind, &was, false);
    }
    if (before) {
        const struct object was = {.key = key, .json = before};
        i->changed(i->arg, kind, &was, false);
    }
    i->changed(i->arg, kind, now, false);
}

static void
informer_gone(void *arg, const struct object *object)
{
    struct informer *i = arg;

    i->changed(i->arg, store_kind(i->store), object, true);
}

static char *
object_key(const json_t *object)
{
    const json_t *meta = json_at(object, "metadata", NULL);
    const char *namespace = json_str(meta, "namespace");
    const char *name = json_str(meta, "name");

    return xasprintf("%s/%s", namespace ? namespace : "", name ? name : "");
}

/* Whether the watch sees it. */
static bool
is_in_sight(const struct informer *i, const json_t *object)
{
    const struct kind *kind = store_kind(i->store);

    return !kind->label || str_eq(json_str(json_at(object, "metadata", "labels", NULL), kind->label), kind->label_value);
}
