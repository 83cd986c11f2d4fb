// From structs to JSON by field tables; what is absent in the struct stays absent.
#include "api/walk/field.h"

#include "api/walk/table.h"
#include "base/clock.h"

struct any_list {
    const void *items;
    size_t n;
};

static json_t *encode_object(const struct type *t, const char *s, unsigned depth);
static json_t *encode_field(const struct field *f, const char *from, unsigned depth);

json_t *
api_encode(const struct type *t, const void *s)
{
    return encode_object(t, s, 0);
}

/* Sets 'value' (taken) at a dotted path, making the objects on the way; an object joins one that is there. */
static void
set_at(json_t *j, const char *path, json_t *value)
{
    char key[64];

    for (;;) {
        size_t len = strcspn(path, ".");
        BUG_ON(len >= sizeof(key));
        memcpy(key, path, len);
        key[len] = '\0';
        json_t *there = json_object_get(j, key);
        if (path[len] == '\0' && json_is_object(there) && json_is_object(value)) {
            json_object_update(there, value);
            json_decref(value);
            return;
        }
        if (path[len] == '\0') {
            json_object_set_new(j, key, value);
            return;
        }
        if (!there) {
            json_object_set_new(j, key, json_object());
        }
        j = json_object_get(j, key);
        path += len + 1;
    }
}

// NOLINTBEGIN(misc-no-recursion): as deep as the tables nest, and API_DEPTH_MAX at most
static json_t *
encode_object(const struct type *t, const char *s, unsigned depth)
{
    json_t *j = json_object();

    BUG_ON(depth >= API_DEPTH_MAX);
    for (const struct field *f = t->fields; f->kind != KIND_END; f++) {
        if (f->shadow || (f->kept && !f->required)) {
            continue;
        }
        json_t *value = f->kept ? json_object() : encode_field(f, s + f->offset, depth + 1);
        if (value && *f->path) {
            set_at(j, f->path, value);
        } else if (value) {
            json_object_update(j, value);
            json_decref(value);
        }
    }
    return j;
}

static json_t *
encode_tri(const struct field *f, enum tri v)
{
    if (v == TRI_UNSET) {
        return NULL;
    }
    if (f->kind == KIND_TRI) {
        return json_boolean(v == TRI_TRUE);
    }
    return v == TRI_TRUE ? json_object() : json_pack("{s:b}", "enabled", 0);
}

static json_t *
encode_number(const struct field *f, const char *from)
{
    if (f->kind == KIND_OPT_INT) {
        const struct opt_int *v = (const void *)from;
        return v->set ? json_integer(v->v) : NULL;
    }
    int64_t v;
    memcpy(&v, from, sizeof(v));
    if (f->kind == KIND_TIME) {
        char text[CLOCK_TIME_SIZE];
        clock_format(v, text);
        return v ? json_string(text) : NULL;
    }
    return v || f->required ? json_integer(v) : NULL;
}

static json_t *
encode_enum(const struct field *f, const char *from)
{
    int value;

    memcpy(&value, from, sizeof(value));
    const char *name = enum_name(f->values, value);
    return name ? json_string(name) : NULL;
}

static json_t *
encode_strings(const struct str_list *l)
{
    json_t *j = l->n > 0 ? json_array() : NULL;

    for (size_t i = 0; i < l->n; i++) {
        json_array_append_new(j, json_string(l->items[i]));
    }
    return j;
}

static json_t *
encode_map(const struct str_map *m)
{
    json_t *j = m->n > 0 ? json_object() : NULL;

    for (size_t i = 0; i < m->n; i++) {
        json_object_set_new(j, m->items[i].key, json_string(m->items[i].value));
    }
    return j;
}

static json_t *
encode_list(const struct field *f, const char *from, unsigned depth)
{
    struct any_list l;

    memcpy(&l, from, sizeof(l));
    if (l.n == 0) {
        return NULL;
    }
    json_t *j = json_array();
    for (size_t i = 0; i < l.n; i++) {
        json_array_append_new(j, encode_object(f->type, (const char *)l.items + i * f->type->size, depth));
    }
    return j;
}

/* A struct in place has no sign of its own that it is there: when it says nothing it is absent. */
static json_t *
encode_struct(const struct field *f, const char *from, unsigned depth)
{
    json_t *j = encode_object(f->type, from, depth);

    if (json_object_size(j) == 0 && !f->required) {
        json_decref(j);
        return NULL;
    }
    return j;
}

static json_t *
encode_pointer(const struct field *f, const char *from, unsigned depth)
{
    const char *p;

    memcpy(&p, from, sizeof(p));
    return p ? encode_object(f->type, p, depth) : NULL;
}

static json_t *
encode_quantity(const struct quantity *q)
{
    return q->text ? json_string(q->text) : NULL;
}

static json_t *
encode_string(const char *from)
{
    const char *text;

    memcpy(&text, from, sizeof(text));
    return text ? json_string(text) : NULL;
}

static json_t *
encode_json(const char *from)
{
    json_t *j;

    memcpy(&j, from, sizeof(j));
    return json_incref(j);
}

static json_t *
encode_field(const struct field *f, const char *from, unsigned depth)
{
    switch (f->kind) {
    case KIND_STRING:
        return encode_string(from);
    case KIND_INT:
    case KIND_OPT_INT:
    case KIND_TIME:
        return encode_number(f, from);
    case KIND_TRI:
    case KIND_SWITCH:
        return encode_tri(f, *(const enum tri *)(const void *)from);
    case KIND_PRESENT:
        return *(const bool *)from ? json_object() : NULL;
    case KIND_ENUM:
        return encode_enum(f, from);
    case KIND_QUANTITY:
        return encode_quantity((const void *)from);
    case KIND_STRINGS:
        return encode_strings((const void *)from);
    case KIND_MAP:
        return encode_map((const void *)from);
    case KIND_STRUCT:
        return encode_struct(f, from, depth);
    case KIND_POINTER:
        return encode_pointer(f, from, depth);
    case KIND_LIST:
        return encode_list(f, from, depth);
    case KIND_JSON:
    case KIND_OTHERS:
        return encode_json(from);
    case KIND_PORT:
    case KIND_KEPT:
    case KIND_END:
        break;
    }
    return NULL;
}
// NOLINTEND(misc-no-recursion)
