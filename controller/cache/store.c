// The table of one kind. One allocation holds an object's strings and its JSON.
#include "cache/store.h"

#include "cache/index.h"

#include <uthash.h>

enum { REMOVED_MAX = 64, UID_SIZE = 40 };

struct entry {
    struct object object;
    char *text; /* key, uid, version, owner and JSON, one after the other, each with its NUL */
    uint64_t mark;
    struct index_link by_namespace;
    struct index_link by_subject;
    UT_hash_handle hh;
};

struct store {
    enum kind kind;
    struct entry *table;
    struct index *namespaces;
    struct index *subjects;
    uint64_t mark;
    size_t bytes;
    uint64_t n_changes;
    char removed[REMOVED_MAX][UID_SIZE]; /* a ring of the last UIDs that went */
    size_t n_removed;
};

static struct entry *store_find(const struct store *s, const char *key);
static bool entry_fill(struct store *s, struct entry *e, const char *key, const json_t *cut);
static const char *owner_field(const json_t *object, const char *field);
static void entry_drop(struct store *s, struct entry *e);
static void index_subject(struct store *s, struct entry *e, const json_t *cut);
static void each_link(struct index_link *link, size_t offset, bool (*fn)(void *arg, const struct object *object),
                      void *arg);

const char *
kind_name(enum kind kind)
{
    static const char *const names[] = {"vm", "vmi", "pod", "pvc", "service", "kubevirt"};

    return names[kind];
}

struct store *
store_new(enum kind kind)
{
    struct store *s = XNEW(struct store);

    s->kind = kind;
    s->namespaces = index_new();
    s->subjects = index_new();
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
    free(s);
}

enum kind
store_kind(const struct store *s)
{
    return s->kind;
}

bool
store_put(struct store *s, const json_t *cut)
{
    const json_t *meta = json_at(cut, "metadata", NULL);
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
    bool changed = entry_fill(s, e, key, cut);
    s->n_changes += changed ? 1 : 0;
    e->mark = s->mark;
    if (is_new) {
        HASH_ADD_KEYPTR(hh, s->table, e->object.key, strlen(e->object.key), e);
        index_set(s->namespaces, &e->by_namespace, namespace ? namespace : "");
    }
    index_subject(s, e, cut);
    return changed;
}

void
store_doom(struct store *s, const char *key, const char *uid)
{
    struct entry *e = store_find(s, key);

    if (e && str_eq(e->object.uid, uid)) {
        e->object.doomed = true;
        e->object.settled = 0;
        s->n_changes++;
    }
}

void
store_settle(struct store *s, const char *key, uint64_t basis)
{
    struct entry *e = store_find(s, key);

    if (e) {
        e->object.settled = basis;
    }
}

bool
store_remove(struct store *s, const char *key)
{
    struct entry *e = store_find(s, key);

    if (!e) {
        return false;
    }
    (void)snprintf(s->removed[s->n_removed++ % REMOVED_MAX], UID_SIZE, "%s", e->object.uid);
    entry_drop(s, e);
    return true;
}

bool
store_was_removed(const struct store *s, const char *uid)
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

bool
selector_pair(const json_t *service, const char **ret_key, const char **ret_value)
{
    const char *key;
    json_t *value;

    json_object_foreach(json_at(service, "spec", "selector", NULL), key, value) {
        *ret_key = key;
        *ret_value = json_string_value(value);
        if (*ret_value && !str_eq(key, "kubevirt.io")) { /* which all launchers bear: any other says more */
            return true;
        }
    }
    return json_object_size(json_at(service, "spec", "selector", NULL)) > 0 && *ret_value;
}

static void
index_subject(struct store *s, struct entry *e, const json_t *cut)
{
    const char *namespace = json_str(json_at(cut, "metadata", NULL), "namespace");
    AUTO(freep) char *subject = NULL;
    const char *key;
    const char *value;

    if (s->kind == KIND_POD && !str_empty(e->object.owner_name)) {
        subject = xasprintf("%s/%s", namespace ? namespace : "", e->object.owner_name);
    } else if (s->kind == KIND_SERVICE && selector_pair(cut, &key, &value)) {
        subject = xasprintf("%s/%s=%s", namespace ? namespace : "", key, value);
    }
    index_set(s->subjects, &e->by_subject, subject ? subject : "");
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

/* The key's bytes must not move while the entry is in the table: uthash points at them, so a changed object is re-added. */
static bool
entry_fill(struct store *s, struct entry *e, const char *key, const json_t *cut)
{
    const json_t *meta = json_at(cut, "metadata", NULL);
    AUTO(freep) char *json = json_dumps(cut, JSON_COMPACT);
    const char *parts[] = {key,
                           json_str(meta, "uid"),
                           json_str(meta, "resourceVersion"),
                           owner_field(cut, "uid"),
                           owner_field(cut, "name"),
                           json};
    const char **fields[] = {&e->object.key,       &e->object.uid,        &e->object.resource_version,
                             &e->object.owner_uid, &e->object.owner_name, &e->object.json};
    size_t size = 0;

    BUG_ON(!json);
    bool was_doomed = e->object.doomed && str_eq(e->object.uid, parts[1]);
    if (e->text && str_eq(e->object.json, json) && e->object.doomed == was_doomed) {
        return false;
    }
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        size += (parts[i] ? strlen(parts[i]) : 0) + 1;
    }
    bool in_table = e->text != NULL;
    if (in_table) {
        HASH_DEL(s->table, e);
        s->bytes -= e->object.len;
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
    e->object.len = strlen(e->object.json);
    e->object.doomed = was_doomed;
    e->object.settled = 0;
    s->bytes += e->object.len;
    if (in_table) {
        HASH_ADD_KEYPTR(hh, s->table, e->object.key, strlen(e->object.key), e);
    }
    return true;
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
    s->n_changes++;
    HASH_DEL(s->table, e);
    index_clear(s->namespaces, &e->by_namespace);
    index_clear(s->subjects, &e->by_subject);
    s->bytes -= e->object.len;
    free(e->text);
    free(e);
}
