// One allocation holds an object's strings, another one its JSON.
#include "cache/entry.h"

const char *
entry_owner(const json_t *object, const char *field)
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

void
entry_name(struct entry *e, const char *key, const json_t *cut)
{
    const json_t *meta = json_at(cut, "metadata", NULL);
    const char *parts[] = {key, json_str(meta, "uid"), json_str(meta, "resourceVersion"), entry_owner(cut, "uid"),
                           entry_owner(cut, "name")};
    const char **fields[] = {&e->object.key, &e->object.uid, &e->object.resource_version, &e->object.owner_uid,
                             &e->object.owner_name};
    size_t size = 0;

    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        size += (parts[i] ? strlen(parts[i]) : 0) + 1;
    }
    free(e->text);
    e->text = xcalloc(size, 1);
    char *at = e->text;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        size_t n = parts[i] ? strlen(parts[i]) : 0;
        memcpy(at, parts[i] ? parts[i] : "", n);
        *fields[i] = at;
        at += n + 1;
    }
}

bool
entry_is(const struct entry *e, const struct draft *d)
{
    const char *version = json_str(json_at(d->cut, "metadata", NULL), "resourceVersion");

    return str_eq(e->object.resource_version, version ? version : "") && str_eq(e->why, d->why) &&
           packed_is(e->json, d->text, d->len);
}

/* Two bits of 64 for the word that the two make together. With half a dozen words, one in thirty is taken for
 * another. */
uint64_t
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

void
entry_hint(struct entry *e, const struct kind *kind, const json_t *cut)
{
    e->hints = 0;
    if (kind->words) {
        kind->words(cut, add_hint, &e->hints);
    }
}
