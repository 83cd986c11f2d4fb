// The table of one kind. One allocation holds an object's strings, another one its JSON.
#include "cache/store.h"

#include "cache/index.h"
#include "cache/legal.h"
#include "cache/transform.h"

#include <uthash.h>

enum { REMOVED_MAX = 64, UID_SIZE = LEGAL_UID_MAX + 1, KIB = 1024 };

struct entry {
    struct object object;
    char *text; /* key, uid, version and owner, one after the other, each with its NUL */
    struct packed *json;
    char *why;
    uint64_t hints; /* bits of hint_of() of its words */
    uint64_t mark;
    struct index_link by_namespace;
    struct index_link by_subject;
    UT_hash_handle hh;
};

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
    char removed[REMOVED_MAX][UID_SIZE]; /* a ring of the last UIDs that went */
    bool ended[REMOVED_MAX];             /* and of which of them it is proven that they are gone */
    size_t n_removed;
};

/* An object on its way into an entry: whole, or what became a header of it. */
struct draft {
    json_t *cut;
    char *text;
    size_t len;
    char *why;
    uint32_t wanted_bytes;
};

static bool store_draft(struct store *s, struct draft *d);
static struct entry *store_find(const struct store *s, const char *key);
static bool entry_fill(struct store *s, struct entry *e, const char *key, struct draft *d);
static bool entry_is(const struct entry *e, const struct draft *d);
static void draft_fini(struct draft *d);
static bool draft_text(struct draft *d, size_t max);
static void draft_bound(const struct store *s, const struct entry *e, struct draft *d);
static void draft_to_header(const struct store *s, const struct entry *e, struct draft *d, char *why);
static struct packed *draft_pack(struct store *s, const struct entry *e, const char *key, struct draft *d);
static enum room_part part_of(const struct store *s);
static void entry_names(struct store *s, struct entry *e, const char *key, const json_t *cut);
static void entry_forget(struct store *s, struct entry *e);
static uint64_t hint_of(const char *word, const char *more);
static void add_hint(void *arg, const char *word, const char *more);
static const char *owner_field(const json_t *object, const char *field);
static void entry_drop(struct store *s, struct entry *e);
static void index_subject(struct store *s, struct entry *e, const json_t *cut);
static void each_link(struct index_link *link, size_t offset, bool (*fn)(void *arg, const struct object *object),
                      void *arg);

struct err *
object_parse(const struct object *o, size_t max_bytes, json_t **ret_json)
{
    AUTO(freep) char *text = NULL;

    if (o->json->len > max_bytes) {
        return err_new(ERR_INVALID, "more than %zu bytes", max_bytes);
    }
    struct err *e = packed_text(o->json, &text);
    if (e) {
        return e;
    }
    return json_parse(text, o->json->len, max_bytes, ret_json);
}

bool
object_lost_status(const json_t *object)
{
    return transform_has_lost_status(object);
}

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
    s->ended[s->n_removed % REMOVED_MAX] = false;
    (void)snprintf(s->removed[s->n_removed++ % REMOVED_MAX], UID_SIZE, "%s", e->object.uid);
    entry_drop(s, e);
    return true;
}

void
store_prove_end(struct store *s, const char *uid)
{
    for (size_t i = 0; i < REMOVED_MAX; i++) {
        s->ended[i] = s->ended[i] || str_eq(s->removed[i], uid);
    }
}

bool
store_is_ended(const struct store *s, const char *uid)
{
    for (size_t i = 0; i < REMOVED_MAX; i++) {
        if (s->ended[i] && str_eq(s->removed[i], uid)) {
            return true;
        }
    }
    return false;
}

bool
store_has_tombstone(const struct store *s, const char *uid)
{
    for (size_t i = 0; i < REMOVED_MAX; i++) {
        if (str_eq(s->removed[i], uid)) {
            return true;
        }
    }
    return false;
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

    draft_bound(s, e, d);
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
    entry_names(s, e, key, d->cut);
    e->hints = 0;
    if (s->kind->words) {
        s->kind->words(d->cut, add_hint, &e->hints);
    }
    return true;
}

static bool
entry_is(const struct entry *e, const struct draft *d)
{
    const char *version = json_str(json_at(d->cut, "metadata", NULL), "resourceVersion");

    return str_eq(e->object.resource_version, version ? version : "") && str_eq(e->why, d->why) &&
           packed_is(e->json, d->text, d->len);
}

static void
draft_fini(struct draft *d)
{
    json_decref(d->cut);
    free(d->text);
    free(d->why);
}

static bool
draft_text(struct draft *d, size_t max)
{
    free(d->text);
    d->text = transform_text(d->cut, max, &d->len);
    return d->text;
}

/* What is larger than anything that could run becomes a header; a status that nobody of ours wrote is no part of that. */
static void
draft_bound(const struct store *s, const struct entry *e, struct draft *d)
{
    if (d->why) {
        draft_to_header(s, e, d, STEAL(d->why));
        return;
    }
    if (draft_text(d, TRANSFORM_TEXT_MAX)) {
        return;
    }
    size_t status_len = 0;
    const json_t *status = json_object_get(d->cut, "status");
    AUTO(freep) char *status_text = status ? transform_text(status, TRANSFORM_STATUS_MAX, &status_len) : NULL;
    json_t *rest = json_copy(d->cut);
    const json_t *whole = d->cut;
    (void)json_object_del(rest, "status"); /* or it has none */
    d->cut = rest;
    bool fits = draft_text(d, TRANSFORM_TEXT_MAX);
    if (fits && status && !status_text) {
        transform_lose_status(rest);
    } else if (fits && status) {
        BUG_ON(json_object_set(rest, "status", (json_t *)(uintptr_t)status) != 0);
    }
    if (fits) {
        BUG_ON(!draft_text(d, SIZE_MAX));
    } else {
        BUG_ON(status && json_object_set(rest, "status", (json_t *)(uintptr_t)status) != 0);
        draft_to_header(
            s, e, d,
            xasprintf("it has more than %d KiB, and of none more than that can be used: make it smaller, and put what "
                      "is large into Secrets, ConfigMaps or disks",
                      TRANSFORM_TEXT_MAX / KIB));
    }
    json_decref((json_t *)(uintptr_t)whole);
}

/* Takes 'why'. What is known of the status of the same object stays known. */
static void
draft_to_header(const struct store *s, const struct entry *e, struct draft *d, char *why)
{
    json_t *header = transform_header(s->kind, d->cut);
    const char *uid = json_str(json_object_get(header, "metadata"), "uid");
    json_t *known = NULL;

    if (transform_has_lost_status(header) && e->text && str_eq(e->object.uid, uid)) {
        AUTO(err_freep) struct err *lost = object_parse(&e->object, SIZE_MAX, &known);
        AUTO(json_freep) json_t *before = lost ? NULL : transform_header(s->kind, known);
        json_t *status = json_object_get(before, "status");
        if (status) {
            BUG_ON(json_object_set(header, "status", status) != 0);
            (void)json_object_del(header, "statusLost");
        }
        json_decref(known);
    }
    json_decref(d->cut);
    d->cut = header;
    d->why = why;
    BUG_ON(!draft_text(d, SIZE_MAX)); /* each part of it has a bound */
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
        s, e, d,
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

/* The key's bytes must not move while the entry is in the table: uthash points at them, so a changed entry is re-added. */
static void
entry_names(struct store *s, struct entry *e, const char *key, const json_t *cut)
{
    const json_t *meta = json_at(cut, "metadata", NULL);
    const char *parts[] = {key, json_str(meta, "uid"), json_str(meta, "resourceVersion"), owner_field(cut, "uid"),
                           owner_field(cut, "name")};
    const char **fields[] = {&e->object.key, &e->object.uid, &e->object.resource_version, &e->object.owner_uid,
                             &e->object.owner_name};
    bool in_table = e->text != NULL;
    size_t size = 0;

    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        size += (parts[i] ? strlen(parts[i]) : 0) + 1;
    }
    if (in_table) {
        HASH_DEL(s->table, e);
        free(e->text);
    }
    e->text = xcalloc(size, 1);
    char *at = e->text;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        size_t n = parts[i] ? strlen(parts[i]) : 0;
        memcpy(at, parts[i] ? parts[i] : "", n);
        *fields[i] = at;
        at += n + 1;
    }
    if (in_table) {
        HASH_ADD_KEYPTR(hh, s->table, e->object.key, strlen(e->object.key), e);
    }
}

/* Two bits of 64 for the word that the two make together. With half a dozen words, one in thirty is taken for
 * another. */
static uint64_t
hint_of(const char *word, const char *more)
{
    uint64_t h = 0xcbf29ce484222325ULL; /* FNV-1a */

    for (; *word; word++) {
        h = (h ^ (unsigned char)*word) * 0x100000001b3ULL;
    }
    for (; *more; more++) {
        h = (h ^ (unsigned char)*more) * 0x100000001b3ULL;
    }
    h ^= h >> 32;
    return 1ULL << (h & 63) | 1ULL << (h >> 6 & 63);
}

static void
add_hint(void *arg, const char *word, const char *more)
{
    uint64_t *hints = arg;

    *hints |= hint_of(word, more);
}

static const char *
owner_field(const json_t *object, const char *field)
{
    size_t i;
    json_t *ref;

    json_array_foreach(json_at(object, "metadata", "ownerReferences", NULL), i, ref) {
        if (json_bool(ref, "controller", false)) {
            return json_str(ref, field);
        }
    }
    return "";
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
