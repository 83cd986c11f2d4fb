// The table of launchers.
#include "cache/launchers.h"

#include <uthash.h>

struct entry {
    struct launcher pub;
    char *vmi_uid;
    char *key;
    char *pod_uid;
    char *made_uid;
    char *desired;
    char *warnings;
    struct packed *state;
    UT_hash_handle hh;
};

struct launchers {
    struct entry *table;
    struct packer *packer; /* of states */
    size_t n_connected;
    uint64_t n_changes;
};

static struct entry *entry_find(const struct launchers *l, const char *vmi_uid);
static void entry_set(char **own, const char **pub, const char *value);
static void entry_set_state(struct entry *e, struct packed *state);
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
        entry_set(&e->vmi_uid, &e->pub.vmi_uid, vmi_uid);
        HASH_ADD_KEYPTR(hh, l->table, e->vmi_uid, strlen(e->vmi_uid), e);
    }
    entry_set(&e->key, &e->pub.key, key);
}

void
launchers_made(struct launchers *l, const char *vmi_uid, const char *made_uid)
{
    struct entry *e = entry_find(l, vmi_uid);

    if (e && !str_eq(e->made_uid, made_uid)) {
        entry_set(&e->made_uid, &e->pub.made_uid, made_uid);
        e->pub.version = ++l->n_changes;
    }
}

void
launchers_connected(struct launchers *l, const char *vmi_uid, const char *pod_uid)
{
    struct entry *e = entry_find(l, vmi_uid);

    if (!e) {
        return;
    }
    l->n_connected += e->pub.connected ? 0 : 1;
    e->pub.connected = true;
    e->pub.version = ++l->n_changes;
    if (!str_eq(e->pod_uid, pod_uid)) {
        entry_set(&e->pod_uid, &e->pub.pod_uid, pod_uid);
        entry_set_state(e, NULL);
    }
    entry_set(&e->desired, &e->pub.desired, NULL);
}

void
launchers_disconnected(struct launchers *l, const char *vmi_uid, const char *pod_uid)
{
    struct entry *e = entry_find(l, vmi_uid);

    if (e && e->pub.connected && str_eq(e->pod_uid, pod_uid)) {
        e->pub.connected = false;
        e->pub.version = ++l->n_changes;
        l->n_connected--;
        entry_set(&e->desired, &e->pub.desired, NULL);
    }
}

bool
launchers_state(struct launchers *l, const char *vmi_uid, const char *pod_uid, const char *text, size_t len)
{
    struct entry *e = entry_find(l, vmi_uid);

    if (!e || !str_eq(e->pod_uid, pod_uid) || (e->state && packed_is(e->state, text, len))) {
        return false;
    }
    entry_set_state(e, packed_new(l->packer, text, len));
    e->pub.version = ++l->n_changes;
    return true;
}

void
launchers_sent(struct launchers *l, const char *vmi_uid, const char *text)
{
    struct entry *e = entry_find(l, vmi_uid);

    if (e) {
        entry_set(&e->desired, &e->pub.desired, text);
    }
}

bool
launchers_warned(struct launchers *l, const char *vmi_uid, const char *warnings, int64_t now_s)
{
    struct entry *e = entry_find(l, vmi_uid);

    if (!e) {
        return false;
    }
    const char *old = e->warnings ? e->warnings : "";
    bool is_new = warnings && !str_eq(warnings, old);
    AUTO(freep) char *text = xstrdup(warnings ? warnings : old);
    entry_set(&e->warnings, &e->pub.warnings, text);
    e->pub.warned_s = now_s;
    e->pub.version = is_new ? ++l->n_changes : e->pub.version;
    return is_new;
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

const struct launcher *
launchers_get(const struct launchers *l, const char *vmi_uid)
{
    struct entry *e = entry_find(l, vmi_uid);

    return e ? &e->pub : NULL;
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

static void
entry_set(char **own, const char **pub, const char *value)
{
    char *copy = value ? xstrdup(value) : NULL;

    free(*own);
    *own = copy;
    *pub = copy;
}

/* Takes it. */
static void
entry_set_state(struct entry *e, struct packed *state)
{
    packed_free(e->state);
    e->state = state;
    e->pub.state = state;
}

static void
entry_drop(struct launchers *l, struct entry *e)
{
    HASH_DEL(l->table, e);
    l->n_connected -= e->pub.connected ? 1 : 0;
    free(e->vmi_uid);
    free(e->key);
    free(e->pod_uid);
    free(e->made_uid);
    packed_free(e->state);
    free(e->desired);
    free(e->warnings);
    free(e);
}
