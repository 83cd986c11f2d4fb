// From JSON to structs by field tables: the walk over objects and lists of them. Values that hold no struct are in decode_value.c.
#include "api/walk/field.h"

#include "api/walk/decode_value.h"

struct any_list {
    void *items;
    size_t n;
};

static struct err *decode_object(const struct type *t, const json_t *j, struct arena *a, void *to,
                                 const struct place *at);
static struct err *decode_field(const struct reading *r);

struct err *
api_decode(const struct type *t, const json_t *j, struct arena *a, void *ret_struct)
{
    memset(ret_struct, 0, t->size);
    return decode_object(t, j, a, ret_struct, NULL);
}

/* The value at a dotted path, NULL when a part of it is absent or null. */
static const json_t *
at_path(const json_t *j, const char *path)
{
    char key[64];

    while (j && *path) {
        size_t len = strcspn(path, ".");
        BUG_ON(len >= sizeof(key));
        memcpy(key, path, len);
        key[len] = '\0';
        j = json_object_get(j, key);
        path += len + (path[len] == '.');
    }
    return j && !json_is_null(j) ? j : NULL;
}

static void
decode_others(const struct type *t, const struct field *f, const json_t *j, struct arena *a, char *base)
{
    json_t *others = NULL;
    const char *first = NULL;

    for (const struct field *row = t->fields; row->kind != KIND_END; row++) {
        size_t len = strcspn(row->path, ".");
        json_t *value = row->other ? json_object_getn(j, row->path, len) : NULL;
        if (!value || json_is_null(value)) {
            continue;
        }
        if (!others) {
            others = json_in_arena(a, json_object());
            first = arena_strndup(a, row->path, len);
        }
        json_object_setn(others, row->path, len, value);
    }
    memcpy(base + f->offset, &others, sizeof(others));
    if (f->first_key) {
        memcpy(base + f->first_key, &first, sizeof(first));
    }
}

// NOLINTBEGIN(misc-no-recursion): as deep as the tables nest, and API_DEPTH_MAX at most
static struct err *
decode_object(const struct type *t, const json_t *j, struct arena *a, void *to, const struct place *at)
{
    if (!json_is_object(j)) {
        return decode_refuse(at, "must be an object");
    }
    if (place_depth(at) >= API_DEPTH_MAX) {
        return decode_refuse(at, "nests deeper than %d objects", API_DEPTH_MAX);
    }
    for (const struct field *f = t->fields; f->kind != KIND_END; f++) {
        if (f->kept && !f->required) {
            continue;
        }
        const struct place here = {.up = at, .key = f->path, .depth = place_depth(at) + 1, .forgives = f->outline};
        const json_t *value = at_path(j, f->path);
        if (f->kind == KIND_OTHERS) {
            decode_others(t, f, j, a, to);
            continue;
        }
        if (!value && f->required) {
            return decode_refuse(&here, "is required");
        }
        bool aside = f->shadow && f->kind == KIND_OPT_INT && !json_is_integer(value); /* a port may be a name */
        if (!value || f->kept || aside) {
            continue;
        }
        struct err *e = decode_field(&(struct reading){
            .arena = a, .f = f, .j = value, .to = (char *)to + f->offset, .at = *f->path ? &here : at});
        if (e && !(at && at->forgives)) {
            return e;
        }
        err_free(e);
    }
    return NULL;
}

static struct err *
decode_list(const struct reading *r)
{
    const struct type *t = r->f->type;
    size_t cap = r->f->max_items ? r->f->max_items : API_LIST_MAX;
    struct any_list l = {.n = json_array_size(r->j)};

    if (!json_is_array(r->j)) {
        return decode_refuse(r->at, "must be a list");
    }
    if (l.n > cap) {
        return decode_refuse(r->at, "must have at most %zu items", cap);
    }
    char *items = arena_alloc(r->arena, l.n, t->size);
    for (size_t i = 0; i < l.n; i++) {
        const struct place here = {.up = r->at, .index = i, .depth = place_depth(r->at)};
        struct err *e = decode_object(t, json_array_get(r->j, i), r->arena, items + i * t->size, &here);
        if (e) {
            return e;
        }
    }
    l.items = items;
    memcpy(r->to, &l, sizeof(l));
    return NULL;
}

static struct err *
decode_pointer(const struct reading *r)
{
    void *made = arena_alloc(r->arena, 1, r->f->type->size);
    struct err *e = decode_object(r->f->type, r->j, r->arena, made, r->at);

    if (!e) {
        memcpy(r->to, &made, sizeof(made));
    }
    return e;
}

static struct err *
decode_field(const struct reading *r)
{
    if (r->f->kind == KIND_STRUCT) {
        return decode_object(r->f->type, r->j, r->arena, r->to, r->at);
    }
    if (r->f->kind == KIND_POINTER) {
        return decode_pointer(r);
    }
    return r->f->kind == KIND_LIST ? decode_list(r) : decode_value(r);
}

// NOLINTEND(misc-no-recursion)
