// Checks types, ranges and lengths of single values, of lists of strings and of maps.
#include "api/walk/decode_value.h"

#include <stdarg.h>

#include "api/walk/quantity.h"
#include "base/clock.h"

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

struct err *
decode_refuse(const struct place *at, const char *fmt, ...)
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

unsigned
place_depth(const struct place *at)
{
    return at ? at->depth : 0;
}

static struct err *
decode_string(const struct reading *r)
{
    const char *text = json_string_value(r->j);

    if (!text) {
        return decode_refuse(r->at, "must be a string");
    }
    if (strlen(text) != json_string_length(r->j)) {
        return decode_refuse(r->at, "must not contain NUL");
    }
    if (r->f->max_len > 0 && json_string_length(r->j) > r->f->max_len) {
        return decode_refuse(r->at, "must be at most %u characters long", r->f->max_len);
    }
    char *copy = arena_strdup(r->arena, text);
    memcpy(r->to, &copy, sizeof(copy));
    return NULL;
}

static struct err *
decode_int(const struct reading *r, int64_t *ret_value)
{
    if (!json_is_integer(r->j)) {
        return decode_refuse(r->at, "must be a whole number");
    }
    int64_t v = json_integer_value(r->j);
    if (r->f->max > r->f->min && (v < r->f->min || v > r->f->max)) {
        return decode_refuse(r->at, "must be in range %lld to %lld", (long long)r->f->min, (long long)r->f->max);
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
            return decode_refuse(r->at, "must be an object");
        }
        const json_t *enabled = json_object_get(j, "enabled");
        j = enabled && !json_is_null(enabled) ? enabled : json_true();
    }
    if (!json_is_boolean(j)) {
        return decode_refuse(r->at,
                             r->f->kind == KIND_SWITCH ? "enabled must be true or false" : "must be true or false");
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
        return decode_refuse(r->at, "must be a string");
    }
    if (!*text || enum_find(r->f->values, text, &value)) {
        memcpy(r->to, &value, sizeof(value));
        return NULL;
    }
    for (const struct enum_value *v = r->f->values; v->name; v++) {
        strbuf_addf(&names, "%s%s", names.len > 0 ? ", " : "", v->name);
    }
    return decode_refuse(r->at, "has invalid value \"%.64s\"; it must be one of: %s", text, strbuf_str(&names));
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
        return decode_refuse(r->at, "must be a quantity such as 2Gi or 500m");
    } else {
        text = arena_strdup(r->arena, text);
    }
    struct err *e = quantity_parse(text, r->to);
    if (!e) {
        return NULL;
    }
    AUTO(err_freep) struct err *why = e;
    return decode_refuse(r->at, "%s", err_text(why));
}

static struct err *
decode_time(const struct reading *r)
{
    const char *text = json_string_value(r->j);

    if (!text || !clock_parse(text, r->to)) {
        return decode_refuse(r->at, "must be a time such as 2006-01-02T15:04:05Z");
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
        return decode_refuse(r->at, "must be a list");
    }
    if (n > cap) {
        return decode_refuse(r->at, "must have at most %zu items", cap);
    }
    l->items = ARENA_NEW_N(r->arena, const char *, n);
    for (size_t i = 0; i < n; i++) {
        const struct place here = {.up = r->at, .index = i, .depth = place_depth(r->at)};
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
        return decode_refuse(r->at, "must be an object of strings");
    }
    if (json_object_size(r->j) > API_MAP_MAX) {
        return decode_refuse(r->at, "must have at most %d keys", API_MAP_MAX);
    }
    m->items = ARENA_NEW_N(r->arena, struct str_pair, json_object_size(r->j));
    json_object_foreach((json_t *)(uintptr_t)r->j, key, value) {
        const struct place here = {.up = r->at, .key = key, .depth = place_depth(r->at)};
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
decode_json(const struct reading *r)
{
    if (!r->f->shadow && (r->f->list ? !json_is_array(r->j) : !json_is_object(r->j))) {
        return decode_refuse(r->at, r->f->list ? "must be a list" : "must be an object");
    }
    memcpy(r->to, &r->j, sizeof(r->j));
    return NULL;
}

static struct err *
decode_present(const struct reading *r)
{
    if (!json_is_object(r->j)) {
        return decode_refuse(r->at, "must be an object");
    }
    *(bool *)r->to = true;
    return NULL;
}

struct err *
decode_value(const struct reading *r)
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
    case KIND_JSON:
        return decode_json(r);
    case KIND_STRUCT:
    case KIND_POINTER:
    case KIND_LIST:
    case KIND_OTHERS:
    case KIND_PORT:
    case KIND_KEPT:
    case KIND_END:
        break;
    }
    return NULL;
}
