// From JSON to structs by field tables: checks types, ranges and lengths, and names the path of what is wrong.
#include "api/walk/field.h"

#include <stdarg.h>

#include "api/walk/quantity.h"
#include "api/walk/table.h"
#include "base/clock.h"

/* Where the walk is: a chain on the stack, turned into text only when there is an error to tell. */
struct place {
    const struct place *up;
    const char *key; /* NULL: an item of a list */
    size_t index;
    unsigned depth;
    bool forgives; /* the API server did not check what is in it: a field that is wrong is as one that is absent */
};

struct any_list {
    void *items;
    size_t n;
};

struct reading {
    struct arena *arena;
    const struct field *f;
    const json_t *j;
    void *to; /* the member */
    const struct place *at;
};

static struct err *decode_object(const struct type *t, const json_t *j, struct arena *a, void *to,
                                 const struct place *at);
static struct err *decode_field(const struct reading *r);
static void decode_others(const struct type *t, const struct field *f, const json_t *j, struct arena *a, char *base);

struct err *
api_decode(const struct type *t, const json_t *j, struct arena *a, void *ret_struct)
{
    memset(ret_struct, 0, t->size);
    return decode_object(t, j, a, ret_struct, NULL);
}

const char *
enum_name(const struct enum_value *values, int value)
{
    for (; values->name; values++) {
        if (values->value == value) {
            return values->name;
        }
    }
    return NULL;
}

bool
enum_find(const struct enum_value *values, const char *name, int *ret_value)
{
    for (; values->name; values++) {
        if (strcmp(values->name, name) == 0) {
            *ret_value = values->value;
            return true;
        }
    }
    return false;
}

static void
place_text(const struct place *at, struct strbuf *sb)
{
    const struct place *chain[API_DEPTH_MAX * 2];
    size_t n = 0;

    for (; at && n < ARRAY_LEN(chain); at = at->up) {
        chain[n++] = at;
    }
    while (n > 0) {
        const struct place *p = chain[--n];
        if (p->key) {
            strbuf_addf(sb, "%s%s", sb->len > 0 ? "." : "", p->key);
        } else {
            strbuf_addf(sb, "[%zu]", p->index);
        }
    }
}

PRINTF_LIKE(2, 3)
static struct err *
refuse(const struct place *at, const char *fmt, ...)
{
    AUTO(strbuf_fini) struct strbuf path = STRBUF_INIT(1024);
    char text[512];
    va_list ap;

    place_text(at, &path);
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    return err_new(ERR_INVALID, "%s: %s", path.len > 0 ? strbuf_str(&path) : "object", text);
}

static unsigned
depth_of(const struct place *at)
{
    return at ? at->depth : 0;
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

// NOLINTBEGIN(misc-no-recursion): as deep as the tables nest, and API_DEPTH_MAX at most
static struct err *
decode_object(const struct type *t, const json_t *j, struct arena *a, void *to, const struct place *at)
{
    if (!json_is_object(j)) {
        return refuse(at, "must be an object");
    }
    if (depth_of(at) >= API_DEPTH_MAX) {
        return refuse(at, "nests deeper than %d objects", API_DEPTH_MAX);
    }
    for (const struct field *f = t->fields; f->kind != KIND_END; f++) {
        if (f->kept && !f->required) {
            continue;
        }
        const struct place here = {.up = at, .key = f->path, .depth = depth_of(at) + 1, .forgives = f->outline};
        const json_t *value = at_path(j, f->path);
        if (f->kind == KIND_OTHERS) {
            decode_others(t, f, j, a, to);
            continue;
        }
        if (!value && f->required) {
            return refuse(&here, "is required");
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
decode_string(const struct reading *r)
{
    const char *text = json_string_value(r->j);

    if (!text) {
        return refuse(r->at, "must be a string");
    }
    if (strlen(text) != json_string_length(r->j)) {
        return refuse(r->at, "must not contain NUL");
    }
    if (r->f->max_len > 0 && json_string_length(r->j) > r->f->max_len) {
        return refuse(r->at, "must be at most %u characters long", r->f->max_len);
    }
    char *copy = arena_strdup(r->arena, text);
    memcpy(r->to, &copy, sizeof(copy));
    return NULL;
}

static struct err *
decode_int(const struct reading *r, int64_t *ret_value)
{
    if (!json_is_integer(r->j)) {
        return refuse(r->at, "must be a whole number");
    }
    int64_t v = json_integer_value(r->j);
    if (r->f->max > r->f->min && (v < r->f->min || v > r->f->max)) {
        return refuse(r->at, "must be in range %lld to %lld", (long long)r->f->min, (long long)r->f->max);
    }
    *ret_value = v;
    return NULL;
}

static struct err *
decode_number(const struct reading *r)
{
    int64_t v = 0;
    struct err *e = decode_int(r, &v);

    if (e) {
        return e;
    }
    if (r->f->kind == KIND_OPT_INT) {
        *(struct opt_int *)r->to = (struct opt_int){.set = true, .v = v};
    } else {
        *(int64_t *)r->to = v;
    }
    return NULL;
}

static struct err *
decode_tri(const struct reading *r)
{
    const json_t *j = r->j;

    if (r->f->kind == KIND_SWITCH) {
        if (!json_is_object(j)) {
            return refuse(r->at, "must be an object");
        }
        const json_t *enabled = json_object_get(j, "enabled");
        j = enabled && !json_is_null(enabled) ? enabled : json_true();
    }
    if (!json_is_boolean(j)) {
        return refuse(r->at, r->f->kind == KIND_SWITCH ? "enabled must be true or false" : "must be true or false");
    }
    *(enum tri *)r->to = json_is_true(j) ? TRI_TRUE : TRI_FALSE;
    return NULL;
}

static struct err *
decode_enum(const struct reading *r)
{
    AUTO(strbuf_fini) struct strbuf names = STRBUF_INIT(400);
    const char *text = json_string_value(r->j);
    int value = 0;

    if (!text) {
        return refuse(r->at, "must be a string");
    }
    if (!*text || enum_find(r->f->values, text, &value)) {
        memcpy(r->to, &value, sizeof(value));
        return NULL;
    }
    for (const struct enum_value *v = r->f->values; v->name; v++) {
        strbuf_addf(&names, "%s%s", names.len > 0 ? ", " : "", v->name);
    }
    return refuse(r->at, "has invalid value \"%.64s\"; it must be one of: %s", text, strbuf_str(&names));
}

static struct err *
decode_quantity(const struct reading *r)
{
    const char *text = json_string_value(r->j);

    if (json_is_integer(r->j)) {
        text = json_text(r->j, r->arena);
    } else if (json_is_real(r->j)) {
        text = arena_printf(r->arena, "%.15g", json_real_value(r->j)); /* 0.1, not the nearest binary fraction */
    } else if (!text) {
        return refuse(r->at, "must be a quantity such as 2Gi or 500m");
    } else {
        text = arena_strdup(r->arena, text);
    }
    struct err *e = quantity_parse(text, r->to);
    if (!e) {
        return NULL;
    }
    AUTO(err_freep) struct err *why = e;
    return refuse(r->at, "%s", err_text(why));
}

static struct err *
decode_time(const struct reading *r)
{
    const char *text = json_string_value(r->j);

    if (!text || !clock_parse(text, r->to)) {
        return refuse(r->at, "must be a time such as 2006-01-02T15:04:05Z");
    }
    return NULL;
}

static struct err *
decode_strings(const struct reading *r)
{
    struct str_list *l = r->to;
    size_t cap = r->f->max_items ? r->f->max_items : API_LIST_MAX;
    size_t n = json_array_size(r->j);

    if (!json_is_array(r->j)) {
        return refuse(r->at, "must be a list");
    }
    if (n > cap) {
        return refuse(r->at, "must have at most %zu items", cap);
    }
    l->items = ARENA_NEW_N(r->arena, const char *, n);
    for (size_t i = 0; i < n; i++) {
        const struct place here = {.up = r->at, .index = i, .depth = depth_of(r->at)};
        struct reading item = *r;
        item.j = json_array_get(r->j, i);
        item.at = &here;
        item.to = &l->items[i];
        struct err *e = decode_string(&item);
        if (e) {
            return e;
        }
    }
    l->n = n;
    return NULL;
}

static struct err *
decode_map(const struct reading *r)
{
    struct str_map *m = r->to;
    const char *key;
    json_t *value;

    if (!json_is_object(r->j)) {
        return refuse(r->at, "must be an object of strings");
    }
    if (json_object_size(r->j) > API_MAP_MAX) {
        return refuse(r->at, "must have at most %d keys", API_MAP_MAX);
    }
    m->items = ARENA_NEW_N(r->arena, struct str_pair, json_object_size(r->j));
    json_object_foreach((json_t *)(uintptr_t)r->j, key, value) {
        const struct place here = {.up = r->at, .key = key, .depth = depth_of(r->at)};
        struct str_pair *pair = &m->items[m->n++];
        pair->key = arena_strdup(r->arena, key);
        if (json_is_integer(value)) { /* quantities of a resource list may be numbers */
            pair->value = json_text(value, r->arena);
            continue;
        }
        struct reading item = *r;
        item.j = value;
        item.at = &here;
        item.to = &pair->value;
        struct err *e = decode_string(&item);
        if (e) {
            return e;
        }
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
        return refuse(r->at, "must be a list");
    }
    if (l.n > cap) {
        return refuse(r->at, "must have at most %zu items", cap);
    }
    char *items = arena_alloc(r->arena, l.n, t->size);
    for (size_t i = 0; i < l.n; i++) {
        const struct place here = {.up = r->at, .index = i, .depth = depth_of(r->at)};
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
decode_json(const struct reading *r)
{
    if (!r->f->shadow && (r->f->list ? !json_is_array(r->j) : !json_is_object(r->j))) {
        return refuse(r->at, r->f->list ? "must be a list" : "must be an object");
    }
    memcpy(r->to, &r->j, sizeof(r->j));
    return NULL;
}

static struct err *
decode_present(const struct reading *r)
{
    if (!json_is_object(r->j)) {
        return refuse(r->at, "must be an object");
    }
    *(bool *)r->to = true;
    return NULL;
}

static struct err *
decode_field(const struct reading *r)
{
    switch (r->f->kind) {
    case KIND_STRING:
        return decode_string(r);
    case KIND_INT:
    case KIND_OPT_INT:
        return decode_number(r);
    case KIND_TRI:
    case KIND_SWITCH:
        return decode_tri(r);
    case KIND_PRESENT:
        return decode_present(r);
    case KIND_ENUM:
        return decode_enum(r);
    case KIND_QUANTITY:
        return decode_quantity(r);
    case KIND_TIME:
        return decode_time(r);
    case KIND_STRINGS:
        return decode_strings(r);
    case KIND_MAP:
        return decode_map(r);
    case KIND_STRUCT:
        return decode_object(r->f->type, r->j, r->arena, r->to, r->at);
    case KIND_POINTER:
        return decode_pointer(r);
    case KIND_LIST:
        return decode_list(r);
    case KIND_JSON:
        return decode_json(r);
    case KIND_OTHERS:
    case KIND_PORT:
    case KIND_KEPT:
    case KIND_END:
        break;
    }
    return NULL;
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
// NOLINTEND(misc-no-recursion)
