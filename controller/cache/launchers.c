// The table of launchers.
#include "cache/launchers.h"

#include <uthash.h>

struct entry {
    struct instance_launchers pub;
    UT_hash_handle hh;
};

struct launchers {
    struct entry *table;
    struct packer *packer; /* of states */
    size_t n_connected;
    uint64_t n_changes;
};

static struct entry *entry_find(const struct launchers *l, const char *vmi_uid);
static struct launcher *find(const struct launchers *l, const char *vmi_uid, const char *pod_uid,
                             struct entry **ret_entry);
static struct launcher *make(struct launchers *l, struct entry *e, const char *pod_uid);
static void drop(struct launchers *l, struct entry *e, struct launcher *line);
static void set(char **text, const char *value);
static void set_state(struct launcher *line, struct packed *state);
static void entry_drop(struct launchers *l, struct entry *e);

struct launchers *
launchers_new(void)
{
    struct launchers *l = XNEW(struct launchers);

    l->packer = packer_new();
    return l;
}

void
launchers_free(struct launchers *l)
{
    if (!l) {
        return;
    }
    launchers_clear(l);
    packer_free(l->packer);
    free(l);
}

void
launchers_name(struct launchers *l, const char *vmi_uid, const char *key)
{
    struct entry *e = entry_find(l, vmi_uid);

    if (!e) {
        e = XNEW(struct entry);
        e->pub.vmi_uid = xstrdup(vmi_uid);
        HASH_ADD_KEYPTR(hh, l->table, e->pub.vmi_uid, strlen(e->pub.vmi_uid), e);
    }
    set(&e->pub.key, key);
}

void
launchers_made(struct launchers *l, const char *vmi_uid, const char *made_uid)
{
    struct entry *e = entry_find(l, vmi_uid);

    if (e && !str_eq(e->pub.made_uid, made_uid)) {
        set(&e->pub.made_uid, made_uid);
        e->pub.version = ++l->n_changes;
    }
}

void
launchers_connected(struct launchers *l, const char *vmi_uid, const char *pod_uid)
{
    struct entry *e;
    struct launcher *line = find(l, vmi_uid, pod_uid, &e);

    if (e && !line) {
        line = make(l, e, pod_uid);
    }
    if (!line) {
        return;
    }
    l->n_connected += line->connected ? 0 : 1;
    line->connected = true;
    e->pub.version = ++l->n_changes;
    set(&line->desired, NULL);
}

void
launchers_disconnected(struct launchers *l, const char *vmi_uid, const char *pod_uid)
{
    struct entry *e;
    struct launcher *line = find(l, vmi_uid, pod_uid, &e);

    if (line && line->connected) {
        line->connected = false;
        e->pub.version = ++l->n_changes;
        l->n_connected--;
        set(&line->desired, NULL);
    }
}

bool
launchers_state(struct launchers *l, const char *vmi_uid, const char *pod_uid, const char *text, size_t len)
{
    struct entry *e;
    struct launcher *line = find(l, vmi_uid, pod_uid, &e);

    if (!line || (line->state && packed_is(line->state, text, len))) {
        return false;
    }
    set_state(line, packed_new(l->packer, text, len));
    e->pub.version = ++l->n_changes;
    return true;
}

void
launchers_sent(struct launchers *l, const char *vmi_uid, const char *pod_uid, const char *text)
{
    struct entry *e;
    struct launcher *line = find(l, vmi_uid, pod_uid, &e);

    if (line) {
        set(&line->desired, text);
    }
}

bool
launchers_warned(struct launchers *l, const char *vmi_uid, const char *warnings, int64_t now_s)
{
    struct entry *e = entry_find(l, vmi_uid);

    if (!e) {
        return false;
    }
    const char *old = e->pub.warnings ? e->pub.warnings : "";
    bool is_new = warnings && !str_eq(warnings, old);
    set(&e->pub.warnings, warnings ? warnings : old);
    e->pub.warned_s = now_s;
    e->pub.version = is_new ? ++l->n_changes : e->pub.version;
    return is_new;
}

void
launchers_remove_pod(struct launchers *l, const char *vmi_uid, const char *pod_uid)
{
    struct entry *e;
    struct launcher *line = find(l, vmi_uid, pod_uid, &e);

    if (line) {
        drop(l, e, line);
        e->pub.version = ++l->n_changes;
    }
}

void
launchers_remove(struct launchers *l, const char *vmi_uid)
{
    struct entry *e = entry_find(l, vmi_uid);

    if (e) {
        entry_drop(l, e);
    }
}

void
launchers_clear(struct launchers *l)
{
    struct entry *e;
    struct entry *tmp;

    HASH_ITER(hh, l->table, e, tmp) {
        entry_drop(l, e);
    }
}

const struct instance_launchers *
launchers_get(const struct launchers *l, const char *vmi_uid)
{
    struct entry *e = entry_find(l, vmi_uid);

    return e ? &e->pub : NULL;
}

const struct launcher *
launchers_find(const struct instance_launchers *of, const char *pod_uid)
{
    for (size_t i = 0; of && i < of->n; i++) {
        if (str_eq(of->items[i].pod_uid, pod_uid)) {
            return &of->items[i];
        }
    }
    return NULL;
}

size_t
launchers_count(const struct launchers *l)
{
    return l->n_connected;
}

static struct entry *
entry_find(const struct launchers *l, const char *vmi_uid)
{
    struct entry *e = NULL;

    HASH_FIND_STR(l->table, vmi_uid, e);
    return e;
}

/* 'ret_entry' is NULL when the instance has none. */
static struct launcher *
find(const struct launchers *l, const char *vmi_uid, const char *pod_uid, struct entry **ret_entry)
{
    struct entry *e = entry_find(l, vmi_uid);

    *ret_entry = e;
    for (size_t i = 0; e && i < e->pub.n; i++) {
        if (str_eq(e->pub.items[i].pod_uid, pod_uid)) {
            return &e->pub.items[i];
        }
    }
    return NULL;
}

/* NULL: there is no place left. The list is as long as it must be: nearly every instance has one. */
static struct launcher *
make(struct launchers *l, struct entry *e, const char *pod_uid)
{
    for (size_t i = 0; i < e->pub.n && e->pub.n == LAUNCHERS_EACH_MAX; i++) {
        if (!e->pub.items[i].connected) {
            drop(l, e, &e->pub.items[i]);
        }
    }
    if (e->pub.n == LAUNCHERS_EACH_MAX) {
        return NULL;
    }
    struct launcher *items = xcalloc(e->pub.n + 1, sizeof(*items));
    if (e->pub.n > 0) {
        memcpy(items, e->pub.items, e->pub.n * sizeof(*items));
    }
    free(e->pub.items);
    e->pub.items = items;
    items[e->pub.n].pod_uid = xstrdup(pod_uid);
    return &items[e->pub.n++];
}

static void
drop(struct launchers *l, struct entry *e, struct launcher *line)
{
    l->n_connected -= line->connected ? 1 : 0;
    free(line->pod_uid);
    packed_free(line->state);
    free(line->desired);
    *line = e->pub.items[--e->pub.n];
    if (e->pub.n == 0) {
        free(STEAL(e->pub.items));
    }
}

static void
set(char **text, const char *value)
{
    char *copy = value ? xstrdup(value) : NULL;

    free(*text);
    *text = copy;
}

/* Takes it. */
static void
set_state(struct launcher *line, struct packed *state)
{
    packed_free(line->state);
    line->state = state;
}

static void
entry_drop(struct launchers *l, struct entry *e)
{
    HASH_DEL(l->table, e);
    while (e->pub.n > 0) {
        drop(l, e, &e->pub.items[0]);
    }
    free(e->pub.vmi_uid);
    free(e->pub.key);
    free(e->pub.made_uid);
    free(e->pub.warnings);
    free(e);
}
