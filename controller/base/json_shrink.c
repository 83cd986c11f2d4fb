// A smaller tree takes the place of the one that is being built, and shares with it what both have.
#include "json_shrink.h"

#include "json_ways.h"

void
json_room_begin(struct json_build *b)
{
    size_t max_bytes = json_keep_of(b)->max_bytes;

    b->room = max_bytes ? max_bytes : SIZE_MAX;
}

const char *
json_key_of(const json_t *object, const json_t *value)
{
    const char *key;
    json_t *v;

    json_object_foreach((json_t *)(uintptr_t)object, key, v) {
        if (v == value) {
            return key;
        }
    }
    return NULL;
}

/* What the keep in force names of 'from', which is shared where it is kept whole. */
static json_t *
pick(const struct json_build *b, const json_t *from)
{
    size_t each_len = b->each ? strlen(b->each) : 0;
    json_t *to = json_object();

    BUG_ON(!to);
    for (const char *const *p = json_keep_of(b)->paths; *p; p++) {
        if (!b->each) {
            json_copy_path(*p, from, to);
        } else if (strncmp(*p, b->each, each_len) == 0 && (*p)[each_len] == '.') {
            json_copy_path(*p + each_len + 1, from, to);
        }
    }
    return to;
}

/* Those behind the first one, whose tree was 'was_in', as far as they are still wanted. */
static void
reopen_levels(struct json_build *b, size_t n_open, const json_t *was_in)
{
    for (; b->depth < n_open; b->depth++) {
        const struct json_level *up = &b->levels[b->depth - 1];
        struct json_level *at = &b->levels[b->depth];
        const json_t *was = at->json;

        if (up->way.want == WANT_WHOLE) { /* it stands in what both trees share */
            at->way = up->way;
            continue;
        }
        const char *key = json_is_object(was_in) ? json_key_of(was_in, was) : NULL;
        at->way = key ? json_way_to(b, &up->way, key, strlen(key)) : (struct json_way){.want = WANT_NOT};
        if (at->way.want == WANT_WAY) {
            at->json = json_object_get(up->json, key);
        }
        if (at->way.want == WANT_NOT || !at->json) {
            return;
        }
        was_in = was;
    }
}

/* A tree of what the keep in force names takes the place of the one that is being built; what is open in both stays open. */
static void
reopen(struct json_build *b, size_t unit)
{
    struct json_level *first = &b->levels[unit];
    AUTO(json_freep) json_t *old = json_incref(first->json);
    size_t n_open = b->depth;

    first->json = json_is_object(old) ? pick(b, old) : json_null();
    if (unit == 0) {
        json_decref(b->root);
        b->root = first->json;
    } else {
        json_t *array = b->levels[unit - 1].json;
        BUG_ON(json_array_set_new(array, json_array_size(array) - 1, first->json) != 0);
    }
    json_ways_begin(b, unit);
    b->depth = unit;
    if (json_is_object(old)) {
        b->depth++;
        reopen_levels(b, n_open, old);
    }
    b->n_skipped = n_open - b->depth;
    if (b->n_skipped == 0 && b->has_key && b->next.want != WANT_NOT) {
        const struct json_level *top = &b->levels[b->depth - 1];
        b->next = top->way.want == WANT_WAY ? json_way_to(b, &top->way, strbuf_str(&b->key), b->key.len) : top->way;
    }
}

bool
json_shrink(struct json_build *b, enum json_over over)
{
    size_t unit = b->each ? JSON_EACH_DEPTH : 0;

    if (b->stage + 1 == b->n_keeps || b->depth <= unit) {
        return false;
    }
    b->stage++;
    b->over = b->over == JSON_WHOLE ? over : b->over;
    json_room_begin(b);
    reopen(b, unit);
    return true;
}
