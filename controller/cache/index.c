// uthash from key to a list of links.
#include "cache/index.h"

#include <uthash.h>
#include <utlist.h>

struct index_bucket {
    struct index_link *links;
    UT_hash_handle hh;
    char key[];
};

struct index {
    struct index_bucket *buckets;
};

struct index *
index_new(void)
{
    return XNEW(struct index);
}

void
index_free(struct index *ix)
{
    if (!ix) {
        return;
    }
    BUG_ON(ix->buckets);
    free(ix);
}

void
index_set(struct index *ix, struct index_link *link, const char *key)
{
    struct index_bucket *b = NULL;

    if (link->bucket && str_eq(link->bucket->key, key)) {
        return;
    }
    index_clear(ix, link);
    if (str_empty(key)) {
        return;
    }
    HASH_FIND_STR(ix->buckets, key, b);
    if (!b) {
        size_t size = strlen(key) + 1;
        b = xcalloc(1, sizeof(*b) + size);
        memcpy(b->key, key, size);
        HASH_ADD_KEYPTR(hh, ix->buckets, b->key, strlen(b->key), b);
    }
    link->bucket = b;
    DL_APPEND(b->links, link);
}

void
index_clear(struct index *ix, struct index_link *link)
{
    struct index_bucket *b = link->bucket;

    if (!b) {
        return;
    }
    DL_DELETE(b->links, link);
    link->bucket = NULL;
    if (!b->links) {
        HASH_DEL(ix->buckets, b);
        free(b);
    }
}

struct index_link *
index_first(const struct index *ix, const char *key)
{
    struct index_bucket *b = NULL;

    HASH_FIND_STR(ix->buckets, key, b);
    return b ? b->links : NULL;
}
