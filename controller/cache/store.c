// The table of one kind. One allocation holds an object's strings, another one its JSON.
#include "cache/store.h"

#include "api/identity.h"
#include "cache/index.h"

#include <uthash.h>

enum { REMOVED_MAX = 64, UID_SIZE = 40 };

struct entry {
    struct object object;
    char *text; /* key, uid, version and owner, one after the other, each with its NUL */
    struct packed *json;
    uint64_t hints; /* of instances: bits of hint_of() of the claims and labels */
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
    struct packer *packer;
    size_t bytes;
    size_t text_bytes;
    uint64_t n_changes;
    char removed[REMOVED_MAX][UID_SIZE]; /* a ring of the last UIDs that went */
    bool ended[REMOVED_MAX];             /* and of which of them it is proven that they are gone */
    size_t n_removed;
};

static struct entry *store_find(const struct store *s, const char *key);
static bool entry_fill(struct store *s, struct entry *e, const char *key, const json_t *cut);
static void entry_names(struct store *s, struct entry *e, const char *key, const json_t *cut);
static void entry_forget(struct store *s, struct entry *e);
static uint64_t hint_of(const char *word, const char *more);
static uint64_t hints_of(const json_t *vmi);
static const char *owner_field(const json_t *object, const char *field);
static void entry_drop(struct store *s, struct entry *e);
static void index_subject(struct store *s, struct entry *e, const json_t *cut);
static bool pod_subject(const struct entry *e, char ret_stem[POD_STEM_SIZE]);
static void each_link(struct index_link *link, size_t offset, bool (*fn)(void *arg, const struct object *object),
                      void *arg);

const char *
kind_name(enum kind kind)
{
    static const char *const names[] = {"vm", "vmi", "pod", "pvc", "service", "kubevirt"};

    return names[kind];
}

struct err *
object_parse(const struct object *o, size_t max_bytes, json_t **ret_json)
{
    AUTO(freep) char *text = NULL;

    if (o->json->len > max_bytes) {
        return err_new(ERR_INVALID, "more than %zu bytes", max_bytes);
    }
    AUTO(err_freep) struct err *e = packed_text(o->json, &text);
    BUG_ON(e); /* the cache packed it */
    return json_parse(text, o->json->len, max_bytes, ret_json);
}

struct store *
store_new(enum kind kind)
{
    struct store *s = XNEW(struct store);

    s->kind = kind;
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

void
store_hide(struct store *s, const char *key, bool hidden)
{
    struct entry *e = store_find(s, key);

    if (e && e->object.hidden != hidden) {
        e->object.hidden = hidden;
        e->object.settled = 0;
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
    char stem[POD_STEM_SIZE];

    if (s->kind == KIND_POD) {
        identity_pod_stem(subject, stem);
        subject = stem;
    }
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

bool
selector_pair(const json_t *service, const char **ret_key, const char **ret_value)
{
    const json_t *selector = json_at(service, "spec", "selector", NULL);
    const char *found = NULL;
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)selector, key, value) {
        found = json_string_value(value);
        *ret_key = key;
        *ret_value = found;
        if (found && !str_eq(key, "kubevirt.io")) { /* which all launchers bear: any other says more */
            break;
        }
    }
    return found;
}

static void
index_subject(struct store *s, struct entry *e, const json_t *cut)
{
    const char *namespace = json_str(json_at(cut, "metadata", NULL), "namespace");
    AUTO(freep) char *subject = NULL;
    char stem[POD_STEM_SIZE];
    const char *key;
    const char *value;

    if (s->kind == KIND_POD && pod_subject(e, stem)) {
        subject = xasprintf("%s/%s", namespace ? namespace : "", stem);
    } else if (s->kind == KIND_SERVICE && selector_pair(cut, &key, &value)) {
        subject = xasprintf("%s/%s=%s", namespace ? namespace : "", key, value);
    }
    index_set(s->subjects, &e->by_subject, subject ? subject : "");
}

/* A pod's name cannot be changed, its owner can: the owner speaks only for pods that versions without a key named. */
static bool
pod_subject(const struct entry *e, char ret_stem[POD_STEM_SIZE])
{
    if (identity_stem_of_pod(strchr(e->object.key, '/') + 1, ret_stem)) {
        return true;
    }
    if (!str_empty(e->object.owner_name)) {
        identity_pod_stem(e->object.owner_name, ret_stem);
        return true;
    }
    return false;
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
entry_fill(struct store *s, struct entry *e, const char *key, const json_t *cut)
{
    const json_t *meta = json_at(cut, "metadata", NULL);
    AUTO(freep) char *json = json_compact(cut);
    size_t len = strlen(json);
    const char *version = json_str(meta, "resourceVersion");
    bool was_doomed = e->object.doomed && str_eq(e->object.uid, json_str(meta, "uid"));
    if (e->text && str_eq(e->object.resource_version, version ? version : "") && packed_is(e->json, json, len) &&
        e->object.doomed == was_doomed) {
        return false;
    }
    struct packed *packed = packed_new(s->packer, json, len);
    entry_forget(s, e);
    e->json = packed;
    e->object.json = packed;
    e->object.doomed = was_doomed;
    e->object.settled = 0;
    s->bytes += packed_bytes(packed);
    s->text_bytes += len;
    entry_names(s, e, key, cut);
    e->hints = s->kind == KIND_VMI ? hints_of(cut) : 0;
    return true;
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

/* Two bits of 64 for the word that the two make together. With the half dozen words of an instance, one in thirty is taken for
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

static uint64_t
hints_of(const json_t *vmi)
{
    uint64_t hints = 0;
    size_t i;
    json_t *value;
    const char *key;

    json_array_foreach(json_at(vmi, "spec", "volumes", NULL), i, value) {
        const char *claim = json_str(json_at(value, "persistentVolumeClaim", NULL), "claimName");
        hints |= claim ? hint_of(claim, "") : 0;
    }
    json_object_foreach(json_at(vmi, "metadata", "labels", NULL), key, value) {
        AUTO(freep) char *word = xasprintf("%s=", key);
        hints |= json_is_string(value) ? hint_of(word, json_string_value(value)) : 0;
    }
    return hints;
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
}
