// uthash by key.
#include "effect/key_errors.h"

#include <uthash.h>

struct entry {
    struct key_error error;
    char *text;
    UT_hash_handle hh;
    char key[];
};

struct key_errors {
    struct entry *table;
};

struct key_errors *
key_errors_new(void)
{
    return XNEW(struct key_errors);
}

void
key_errors_free(struct key_errors *all)
{
    if (all) {
        key_errors_clear_all(all);
        free(all);
    }
}

static struct entry *
find(const struct key_errors *all, const char *key)
{
    struct entry *e = NULL;

    HASH_FIND_STR(all->table, key, e);
    return e;
}

bool
key_errors_set(struct key_errors *all, const char *key, const struct err *err, int64_t retry_ms)
{
    struct entry *e = find(all, key);
    const char *text = err_text(err);

    if (e && str_eq(e->text, text)) {
        return false;
    }
    if (!e) {
        size_t size = strlen(key) + 1;
        e = xcalloc(1, sizeof(*e) + size);
        memcpy(e->key, key, size);
        HASH_ADD_KEYPTR(hh, all->table, e->key, size - 1, e);
    }
    free(e->text);
    e->text = xstrdup(text);
    e->error = (struct key_error){
        .text = e->text, .hold = true, .is_lasting = err_class(err) == ERR_INVALID, .retry_ms = retry_ms};
    return true;
}

struct key_error *
key_errors_get(const struct key_errors *all, const char *key)
{
    struct entry *e = find(all, key);

    return e ? &e->error : NULL;
}

static void
drop(struct key_errors *all, struct entry *e)
{
    HASH_DEL(all->table, e);
    free(e->text);
    free(e);
}

void
key_errors_clear(struct key_errors *all, const char *key)
{
    struct entry *e = find(all, key);

    if (e) {
        drop(all, e);
    }
}

void
key_errors_clear_all(struct key_errors *all)
{
    struct entry *e;
    struct entry *tmp;

    HASH_ITER(hh, all->table, e, tmp) {
        drop(all, e);
    }
}
