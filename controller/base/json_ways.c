// Wanted paths are bits of a number: most keys of a text lead to none of them, which one look tells.
#include "json_ways.h"

const struct json_keep *
json_keep_of(const struct json_build *b)
{
    return &b->keeps[b->stage];
}

struct json_way
json_way_to(const struct json_build *b, const struct json_way *from, const char *key, size_t len)
{
    const char *const *paths = json_keep_of(b)->paths;
    struct json_way way = {.want = WANT_NOT, .at = from->at + len + 1};

    for (uint64_t left = len > 0 ? from->paths : 0; left; left &= left - 1) {
        const char *rest = paths[__builtin_ctzll(left)] + from->at;
        if (rest[0] != key[0] || strncmp(rest, key, len) != 0 || memchr(key, '.', len) || memchr(key, '\0', len)) {
            continue; /* most differ in the first character */
        }
        if (rest[len] == '\0') {
            way.want = WANT_WHOLE;
            break;
        }
        if (rest[len] == '.') {
            way.want = WANT_WAY;
            way.paths |= left & -left;
        }
    }
    return way;
}

struct json_way
json_way_root(const struct json_build *b)
{
    const char *const *paths = json_keep_of(b)->paths;
    struct json_way way = {.want = paths ? WANT_WAY : WANT_WHOLE};

    for (size_t i = 0; paths && paths[i]; i++) {
        BUG_ON(i == JSON_PATHS_MAX); /* ours, each of them */
        way.paths |= UINT64_C(1) << i;
    }
    return way;
}

void
json_ways_begin(struct json_build *b, size_t last)
{
    struct json_way way = json_way_root(b);

    b->levels[0].way = way;
    if (last > 0 && way.want == WANT_WAY) {
        way = json_way_to(b, &b->levels[0].way, b->each, strlen(b->each));
    }
    for (size_t i = 1; i <= last && i <= JSON_EACH_DEPTH; i++) {
        b->levels[i].way = way;
    }
}
