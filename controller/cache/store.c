// The table of one kind.
#include "cache/store.h"

#include "cache/entry.h"
#include "cache/tombstones.h"

enum { KIB = 1024 };

struct store {
    const struct kind *kind;
    struct entry *table;
    struct index *namespaces;
    struct index *subjects;
    uint64_t mark;
    struct packer *packer;
    struct room *room;
    size_t bytes;
    size_t text_bytes;
    uint64_t n_changes;
    enum store_serving serving;
    struct tombstones gone;
};

static bool store_draft(struct store *s, struct draft *d);
static struct entry *store_find(const struct store *s, const char *key);
static bool entry_fill(struct store *s, struct entry *e, const char *key, struct draft *d);
static struct packed *draft_pack(struct store *s, const struct entry *e, const char *key, struct draft *d);
static enum room_part part_of(const struct store *s);
static void entry_forget(struct store *s, struct entry *e);
static void entry_drop(struct store *s, struct entry *e);
static void index_subject(struct store *s, struct entry *e, const json_t *cut);
static void each_link(struct index_link *link, size_t offset, bool (*fn)(void *arg, const struct object *object),
                      void *arg);

struct store *
store_new(const struct kind *kind, struct room *room)
{
    struct store *s = XNEW(struct store);

    s->kind = kind;
    s->room = room;
    s->namespaces = index_new();
    s->subjects = index_new();
    s->packer = packer_new();
    return s;
}

void
store_free(struct store *s)
{
    struct entry *e;
    struct entry *tmp;

    if (!s) {
        return;
    }
    HASH_ITER(hh, s->table, e, tmp) {
        entry_drop(s, e);
    }
    index_free(s->namespaces);
    index_free(s->subjects);
    packer_free(s->packer);
    free(s);
}

const struct kind *
store_kind(const struct store *s)
{
    return s->kind;
}

bool
store_put(struct store *s, const json_t *cut, const char *why)
{
    AUTO(draft_fini)
    struct draft d = {.cut = json_incref((json_t *)(uintptr_t)cut), .why = why ? xstrdup(why) : NULL};

    return store_draft(s, &d);
}

void
store_note_status(struct store *s, const char *key, const char *uid, const json_t *status)
{
    AUTO(draft_fini) struct draft d = {0};
    const struct entry *e = store_find(s, key);

    if (!e || !e->why || !str_eq(e->object.uid, uid)) {
        return;
    }
    AUTO(err_freep) struct err *lost = object_parse(&e->object, SIZE_MAX, &d.cut);
    if (!lost) {
        BUG_ON(json_object_set(d.cut, "status", (json_t *)(uintptr_t)status) != 0);
        d.why = xstrdup(e->why);
        d.wanted_bytes = e->object.wanted_bytes;
        (void)store_draft(s, &d); /* nobody waits for the news: it is ours */
    }
}

static bool
store_draft(struct store *s, struct draft *d)
{
    const json_t *meta = json_at(d->cut, "metadata", NULL);
    const char *namespace = json_str(meta, "namespace");
    const char *name = json_str(meta, "name");

    if (!name || !json_str(meta, "uid")) {
        return false;
    }
    AUTO(freep) char *key = xasprintf("%s/%s", namespace ? namespace : "", name);
    struct entry *e = store_find(s, key);
    if (!e) {
        e = XNEW(struct entry);
    }
    bool is_new = !e->text;
    bool changed = entry_fill(s, e, key, d);
    s->n_changes += changed ? 1 : 0;
    e->mark = s->mark;
    if (is_new) {
        HASH_ADD_KEYPTR(hh, s->table, e->object.key, strlen(e->object.key), e);
        index_set(s->namespaces, &e->by_namespace, namespace ? namespace : "");
    }
    index_subject(s, e, d->cut);
    return changed;
}

bool
store_has_room(const struct store *s, const struct object *o)
{
    AUTO(freep) char *namespace = xstrndup(o->key, strcspn(o->key, "/"));

    return room_has(s->room, namespace, part_of(s), o->wanted_bytes);
}

void
store_expect_deletion(struct store *s, const char *key, const char *uid)
{
    struct entry *e = store_find(s, key);

    if (e && str_eq(e->object.uid, uid)) {
        e->object.expects_deletion = true;
        e->object.fingerprint = 0;
        s->n_changes++;
    }
}

void
store_note_fingerprint(struct store *s, const char *key, uint64_t fingerprint)
{
    struct entry *e = store_find(s, key);

    if (e) {
        e->object.fingerprint = fingerprint;
    }
}

void
store_hide(struct store *s, const char *key, bool hidden)
{
    struct entry *e = store_find(s, key);

    if (e && e->object.hidden != hidden) {
        e->object.hidden = hidden;
        e->object.fingerprint = 0;
    }
}

bool
store_remove(struct store *s, const char *key)
{
    struct entry *e = store_find(s, key);

    if (!e) {
        return false;
    }
    tombstones_add(&s->gone, e->object.uid);
    entry_drop(s, e);
    return true;
}

bool
store_has_tombstone(const struct store *s, const char *uid)
{
    return tombstones_have(&s->gone, uid);
}

void
store_prove_end(struct store *s, const char *uid)
{
    tombstones_prove(&s->gone, uid);
}

bool
store_is_ended(const struct store *s, const char *uid)
{
    return tombstones_are_proven(&s->gone, uid);
}

const struct object *
store_get(const struct store *s, const char *key)
{
    struct entry *e = store_find(s, key);

    return e ? &e->object : NULL;
}

size_t
store_count(const struct store *s)
{
    return HASH_COUNT(s->table);
}

size_t
store_bytes(const struct store *s)
{
    return s->bytes;
}

size_t
store_text_bytes(const struct store *s)
{
    return s->text_bytes;
}

void
store_set_serving(struct store *s, enum store_serving serving)
{
    s->n_changes += s->serving != serving;
    s->serving = serving;
}

enum store_serving
store_serving(const struct store *s)
{
    return s->serving;
}

uint64_t
store_changes(const struct store *s)
{
    return s->n_changes;
}

void
store_mark(struct store *s)
{
    s->mark++;
}

void
store_sweep(struct store *s, void (*gone)(void *arg, const struct object *object), void *arg)
{
    struct entry *e;
    struct entry *tmp;

    HASH_ITER(hh, s->table, e, tmp) {
        if (e->mark != s->mark) {
            gone(arg, &e->object);
            entry_drop(s, e);
        }
    }
}

void
store_each(const struct store *s, bool (*fn)(void *arg, const struct object *object), void *arg)
{
    for (struct entry *e = s->table; e; e = e->hh.next) {
        if (!fn(arg, &e->object)) {
            return;
        }
    }
}

void
store_each_in(const struct store *s, const char *namespace, bool (*fn)(void *arg, const struct object *object),
              void *arg)
{
    each_link(index_first(s->namespaces, namespace), offsetof(struct entry, by_namespace), fn, arg);
}

void
store_each_about(const struct store *s, const char *namespace, const char *subject,
                 bool (*fn)(void *arg, const struct object *object), void *arg)
{
    AUTO(freep) char *key = xasprintf("%s/%s", namespace, subject);
    each_link(index_first(s->subjects, key), offsetof(struct entry, by_subject), fn, arg);
}

void
store_each_hinted(const struct store *s, const char *namespace, const char *word,
                  bool (*fn)(void *arg, const struct object *object), void *arg)
{
    uint64_t hint = hint_of(word, "");

    for (struct index_link *l = index_first(s->namespaces, namespace); l; l = l->next) {
        struct entry *e = CONTAINER_OF(l, struct entry, by_namespace);
        if ((e->hints & hint) == hint && !fn(arg, &e->object)) {
            return;
        }
    }
}

static void
index_subject(struct store *s, struct entry *e, const json_t *cut)
{
    AUTO(freep) char *subject = s->kind->subject ? s->kind->subject(&e->object, cut) : NULL;
    AUTO(freep) char *key = NULL;

    if (subject) {
        key = xasprintf("%.*s/%s", (int)strcspn(e->object.key, "/"), e->object.key, subject);
    }
    index_set(s->subjects, &e->by_subject, key ? key : "");
}

static void
each_link(struct index_link *link, size_t offset, bool (*fn)(void *arg, const struct object *object), void *arg)
{
    while (link) {
        struct entry *e = (struct entry *)(void *)((char *)link - offset);
        link = link->next;
        if (!fn(arg, &e->object)) {
            return;
        }
    }
}

static struct entry *
store_find(const struct store *s, const char *key)
{
    struct entry *e = NULL;

    HASH_FIND_STR(s->table, key, e);
    return e;
}

/* True when the entry changed. What bears another version is another text, so only a list that comes anew is compared. */
static bool
entry_fill(struct store *s, struct entry *e, const char *key, struct draft *d)
{
    bool expected =
        e->object.expects_deletion && str_eq(e->object.uid, json_str(json_at(d->cut, "metadata", NULL), "uid"));

    d->kind = s->kind;
    d->known = e->text ? &e->object : NULL;
    draft_bound(d);
    if (e->text && entry_is(e, d) && e->object.expects_deletion == expected) {
        return false;
    }
    struct packed *packed = draft_pack(s, e, key, d);
    entry_forget(s, e);
    e->json = packed;
    e->why = STEAL(d->why);
    e->object.json = packed;
    e->object.why = e->why;
    e->object.wanted_bytes = d->wanted_bytes;
    e->object.expects_deletion = expected;
    e->object.fingerprint = 0;
    s->bytes += packed_bytes(packed);
    s->text_bytes += d->len;
    bool in_table = e->text != NULL;
    if (in_table) { /* uthash points at the key's bytes */
        HASH_DEL(s->table, e);
    }
    entry_name(e, key, d->cut);
    if (in_table) {
        HASH_ADD_KEYPTR(hh, s->table, e->object.key, strlen(e->object.key), e);
    }
    entry_hint(e, s->kind, d->cut);
    return true;
}

/* What the entry has taken so far counts as given back. */
static struct packed *
draft_pack(struct store *s, const struct entry *e, const char *key, struct draft *d)
{
    AUTO(freep) char *namespace = xstrndup(key, strcspn(key, "/"));
    struct packed *packed = packed_new(s->packer, d->text, d->len);
    size_t bytes = packed_bytes(packed);
    bool had_taken = e->json && !e->why;

    if (had_taken) {
        room_give(s->room, namespace, part_of(s), packed_bytes(e->json));
    }
    if (d->why || room_take(s->room, namespace, part_of(s), bytes)) {
        return packed;
    }
    packed_free(packed);
    d->wanted_bytes = (uint32_t)bytes;
    draft_to_header(
        d,
        xasprintf("the controller has no room for it: of the objects of namespace %s it keeps %d MiB in all beyond "
                  "the first %d KiB of each, and %d MiB of all namespaces'; make it smaller or delete others, then it "
                  "is taken by itself",
                  namespace, ROOM_NAMESPACE_BYTES / KIB / KIB, ROOM_FREE_BYTES / KIB, ROOM_TOTAL_BYTES / KIB / KIB));
    return packed_new(s->packer, d->text, d->len);
}

static enum room_part
part_of(const struct store *s)
{
    return s->kind->room;
}

static void
entry_drop(struct store *s, struct entry *e)
{
    AUTO(freep) char *namespace = xstrndup(e->object.key, strcspn(e->object.key, "/"));

    if (!e->why) {
        room_give(s->room, namespace, part_of(s), packed_bytes(e->json));
    }
    s->n_changes++;
    HASH_DEL(s->table, e);
    index_clear(s->namespaces, &e->by_namespace);
    index_clear(s->subjects, &e->by_subject);
    entry_forget(s, e);
    free(e->text);
    free(e);
}

static void
entry_forget(struct store *s, struct entry *e)
{
    if (e->json) {
        s->bytes -= packed_bytes(e->json);
        s->text_bytes -= e->json->len;
        packed_free(e->json);
    }
    free(e->why);
}
