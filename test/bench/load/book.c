// Tables of machines and objects, with the counts kept as they change.
#include "book.h"

#include <errno.h>

static const char *const kind_names[] = {[KIND_VM] = "vm", [KIND_VMI] = "vmi", [KIND_POD] = "pod"};
static const char *const stamp_names[] = {
    [STAMP_CREATED] = "created",
    [STAMP_ACKED] = "acked",
    [STAMP_VMI] = "vmi",
    [STAMP_POD] = "pod",
    [STAMP_POD_RUNNING] = "pod_running",
    [STAMP_VMI_RUNNING] = "vmi_running",
    [STAMP_READY] = "ready",
};
static const enum count existing[] = {[KIND_VM] = COUNT_VM, [KIND_VMI] = COUNT_VMI, [KIND_POD] = COUNT_POD};
static const enum count good[] = {
    [KIND_VM] = COUNT_READY, [KIND_VMI] = COUNT_VMI_RUNNING, [KIND_POD] = COUNT_POD_RUNNING};
static const enum stamp appears[] = {[KIND_VM] = N_STAMPS, [KIND_VMI] = STAMP_VMI, [KIND_POD] = STAMP_POD};
static const enum stamp is_well[] = {
    [KIND_VM] = STAMP_READY, [KIND_VMI] = STAMP_VMI_RUNNING, [KIND_POD] = STAMP_POD_RUNNING};

static struct machine *
machine_of(struct book *b, const char *namespace, const char *name)
{
    char key[BOOK_KEY_SIZE];
    struct machine *m = NULL;

    (void)snprintf(key, sizeof(key), "%s/%s", namespace, name);
    HASH_FIND_STR(b->machines, key, m);
    if (!m) {
        m = XNEW(struct machine);
        m->key = xstrdup(key);
        HASH_ADD_KEYPTR(hh, b->machines, m->key, strlen(m->key), m);
    }
    return m;
}

struct machine *
book_machine(const struct book *b, const char *namespace, const char *name)
{
    char key[BOOK_KEY_SIZE];
    struct machine *m = NULL;

    (void)snprintf(key, sizeof(key), "%s/%s", namespace, name);
    HASH_FIND_STR(b->machines, key, m);
    return m;
}

struct machine *
book_expect(struct book *b, const char *namespace, const char *name, int64_t now_ms)
{
    struct machine *m = machine_of(b, namespace, name);

    memset(m->at, 0, sizeof(m->at));
    m->at[STAMP_CREATED] = now_ms;
    return m;
}

static void
machine_stamp(struct machine *m, enum stamp stamp, int64_t now_ms)
{
    if (stamp != N_STAMPS && m->at[STAMP_CREATED] > 0 && m->at[stamp] == 0) {
        m->at[stamp] = now_ms;
    }
}

/* Keeps the count of machines that have nothing left. */
static void
machine_settle(struct book *b, struct machine *m)
{
    bool is_gone = m->n[KIND_VM] + m->n[KIND_VMI] + m->n[KIND_POD] == 0;

    if (is_gone != m->is_gone) {
        b->counts[COUNT_GONE] += is_gone ? 1 : -1;
        m->is_gone = is_gone;
    }
}

static void
thing_free(struct thing *t)
{
    free(t->key);
    free(t->account);
    free(t->ip);
    free(t);
}

static void
thing_forget(struct book *b, struct thing *t)
{
    if (t->kind == KIND_POD && b->pod_gone) {
        b->pod_gone(b->arg, t);
    }
    b->counts[existing[t->kind]]--;
    b->counts[good[t->kind]] -= t->is_good;
    t->machine->n[t->kind]--;
    machine_settle(b, t->machine);
    HASH_DEL(b->things, t);
    thing_free(t);
}

static struct thing *
thing_add(struct book *b, const char *key, const struct sight *s, int64_t now_ms)
{
    struct thing *t = XNEW(struct thing);

    t->key = xstrdup(key);
    t->kind = s->kind;
    t->machine = machine_of(b, s->namespace, s->machine);
    t->machine->n[s->kind]++;
    b->counts[existing[s->kind]]++;
    machine_stamp(t->machine, appears[s->kind], now_ms);
    machine_settle(b, t->machine);
    HASH_ADD_KEYPTR(hh, b->things, t->key, strlen(t->key), t);
    return t;
}

static void
text_set(char **text, const char *value)
{
    if (!str_eq(*text, value)) {
        free(*text);
        *text = xstrdup(value);
    }
}

static void
thing_update(struct book *b, struct thing *t, const struct sight *s, int64_t now_ms)
{
    memcpy(t->uid, s->uid, sizeof(t->uid));
    memcpy(t->version, s->version, sizeof(t->version));
    memcpy(t->vmi_uid, s->vmi_uid, sizeof(t->vmi_uid));
    t->generation = s->generation;
    t->round = b->round[s->kind];
    if (s->kind == KIND_POD) {
        text_set(&t->account, s->account);
        text_set(&t->ip, s->ip);
    }
    if (s->is_good != t->is_good) {
        b->counts[good[s->kind]] += s->is_good ? 1 : -1;
        t->is_good = s->is_good;
    }
    if (s->is_good) {
        machine_stamp(t->machine, is_well[s->kind], now_ms);
    }
}

void
book_see(struct book *b, const struct sight *s, int64_t now_ms)
{
    char key[BOOK_KEY_SIZE + 8];
    struct thing *t = NULL;

    (void)snprintf(key, sizeof(key), "%s/%s/%s", kind_names[s->kind], s->namespace, s->name);
    HASH_FIND_STR(b->things, key, t);
    if (t && (s->is_deleted || !str_eq(t->uid, s->uid))) {
        thing_forget(b, t); /* another one of that name is another one */
        t = NULL;
    }
    if (!s->is_deleted) {
        t = t ? t : thing_add(b, key, s, now_ms);
        thing_update(b, t, s, now_ms);
    }
    if (b->changed) {
        b->changed(b->arg);
    }
}

void
book_list_begins(struct book *b, enum kind kind)
{
    b->round[kind]++;
}

void
book_list_ends(struct book *b, enum kind kind)
{
    struct thing *t = NULL;
    struct thing *tmp = NULL;

    HASH_ITER(hh, b->things, t, tmp) {
        if (t->kind == kind && t->round != b->round[kind]) {
            thing_forget(b, t);
        }
    }
    if (b->changed) {
        b->changed(b->arg);
    }
}

void
book_fini(struct book *b)
{
    struct thing *t = NULL;
    struct thing *t_tmp = NULL;
    struct machine *m = NULL;
    struct machine *m_tmp = NULL;

    HASH_ITER(hh, b->things, t, t_tmp) {
        HASH_DEL(b->things, t);
        thing_free(t);
    }
    HASH_ITER(hh, b->machines, m, m_tmp) {
        HASH_DEL(b->machines, m);
        free(m->key);
        free(m);
    }
}

static struct err *
file_done(FILE *f, const char *path)
{
    return fflush(f) != 0 || ferror(f) ? err_errno(errno, "write %s", path) : NULL;
}

struct err *
book_write_times(const struct book *b, const char *path, size_t *ret_n)
{
    AUTO(fclosep) FILE *f = fopen(path, "we");

    if (!f) {
        return err_errno(errno, "open %s", path);
    }
    *ret_n = 0;
    for (const struct machine *m = b->machines; m; m = m->hh.next) {
        (void)fprintf(f, "{\"vm\":\"%s\"", m->key);
        for (size_t i = 0; i < N_STAMPS; i++) {
            if (m->at[i] > 0) {
                (void)fprintf(f, ",\"%s\":%lld", stamp_names[i], (long long)m->at[i]);
            }
        }
        (void)fputs("}\n", f);
        *ret_n += 1;
    }
    return file_done(f, path);
}

struct err *
book_write_versions(const struct book *b, const char *path, size_t *ret_n)
{
    AUTO(fclosep) FILE *f = fopen(path, "we");

    if (!f) {
        return err_errno(errno, "open %s", path);
    }
    *ret_n = 0;
    for (const struct thing *t = b->things; t; t = t->hh.next) {
        (void)fprintf(
            f, "{\"kind\":\"%s\",\"key\":\"%s\",\"uid\":\"%s\",\"generation\":%lld,\"resourceVersion\":\"%s\"}\n",
            kind_names[t->kind], strchr(t->key, '/') + 1, t->uid, (long long)t->generation, t->version);
        *ret_n += 1;
    }
    return file_done(f, path);
}
