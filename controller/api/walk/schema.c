// From field tables to the OpenAPI v3 schema of a CRD. Light on purpose: each write to the API server pays for its size.
#include "api/walk/field.h"

#include "api/walk/quantity.h"
#include "api/walk/table.h"

/* How deep we are, and in what: below a field that is taken as a whole nobody asks for the keys of lists; below an outline nobody
 * asks for anything. */
struct place {
    unsigned depth;
    bool whole;
    bool outline;
    bool is_told; /* each field has its sentence */
};

static json_t *schema_of(const struct type *t, struct place at);
static json_t *schema_field(const struct field *f, struct place at);
static json_t *schema_value(const struct field *f, struct place at);
static json_t *schema_map(bool of_quantities);

json_t *
api_schema(const struct type *t, bool with_sentences)
{
    return schema_of(t, (struct place){.is_told = with_sentences});
}

static json_t *
schema_object(bool keeps_unknown)
{
    json_t *j = json_pack("{s:s}", "type", "object");

    if (keeps_unknown) {
        json_object_set_new(j, "x-kubernetes-preserve-unknown-fields", json_true());
    }
    return j;
}

static json_t *
properties(json_t *object)
{
    json_t *p = json_object_get(object, "properties");

    if (!p) {
        p = json_object();
        json_object_set_new(object, "properties", p);
    }
    return p;
}

static void
require(json_t *object, const char *key)
{
    json_t *list = json_object_get(object, "required");

    if (!list) {
        list = json_array();
        json_object_set_new(object, "required", list);
    }
    json_array_append_new(list, json_string(key));
}

/* Puts the schema of a value (taken) at a dotted path below 'object'; objects on the way keep what they do not know, if this one does. */
static void
put_at(json_t *object, const struct field *f, bool keeps_unknown, json_t *value)
{
    const char *path = f->path;
    char key[64];

    for (;;) {
        size_t len = strcspn(path, ".");
        BUG_ON(len >= sizeof(key));
        memcpy(key, path, len);
        key[len] = '\0';
        bool last = path[len] == '\0';
        json_t *there = json_object_get(properties(object), key);
        if (last) {
            if (there) {
                json_object_update_recursive(there, value);
                json_decref(value);
            } else {
                json_object_set_new(properties(object), key, value);
            }
            if (f->required || f->needed) {
                require(object, key);
            }
            return;
        }
        if (!there) {
            there = schema_object(keeps_unknown);
            json_object_set_new(properties(object), key, there);
        }
        object = there;
        path += len + 1;
    }
}

/* Of a dotted path only the first step. */
static void
put_outline(json_t *object, const struct field *f, bool keeps_unknown, json_t *value)
{
    AUTO(freep) char *step = xstrndup(f->path, strcspn(f->path, "."));
    struct field first = *f;
    bool is_deeper = strlen(f->path) > strlen(step);

    first.path = step;
    if (is_deeper) {
        json_decref(value);
        value = schema_object(true);
    }
    put_at(object, &first, keeps_unknown, value);
}

// NOLINTBEGIN(misc-no-recursion): as deep as the tables nest, and API_DEPTH_MAX at most
static json_t *
schema_of(const struct type *t, struct place at)
{
    json_t *j = t->quantities ? schema_map(true) : schema_object(t->keeps_unknown);

    if (t->quantities) {
        return j;
    }
    BUG_ON(at.depth >= API_DEPTH_MAX);
    at.depth++;
    for (const struct field *f = t->fields; !t->opaque && f->kind != KIND_END; f++) {
        if (f->kind != KIND_OTHERS && !f->shadow && *f->path) {
            (at.outline ? put_outline : put_at)(j, f, t->keeps_unknown, schema_field(f, at));
        }
    }
    return j;
}

static void
put_limits(json_t *j, const struct field *f)
{
    if (f->max_len) {
        json_object_set_new(j, "maxLength", json_integer(f->max_len));
    }
    if (f->max_items) {
        json_object_set_new(j, "maxItems", json_integer(f->max_items));
    }
    if (f->open) {
        return;
    }
    if (f->pattern) {
        json_object_set_new(j, "pattern", json_string(f->pattern));
    }
    if (f->max > f->min) {
        json_object_set_new(j, "minimum", json_integer(f->min));
        json_object_set_new(j, "maximum", json_integer(f->max));
    }
}

static json_t *
schema_quantity(void)
{
    return json_pack("{s:[{s:s},{s:s}], s:b, s:s}", "anyOf", "type", "integer", "type", "string",
                     "x-kubernetes-int-or-string", 1, "pattern", QUANTITY_PATTERN);
}

static json_t *
schema_string(const struct field *f)
{
    json_t *j = f->quantity ? schema_quantity() : json_pack("{s:s}", "type", "string");

    put_limits(j, f);
    return j;
}

static json_t *
schema_enum(const struct field *f)
{
    json_t *j = schema_string(f);
    json_t *names = json_array();

    for (const struct enum_value *v = f->values; v->name && !f->open; v++) {
        json_array_append_new(names, json_string(v->name));
    }
    if (json_array_size(names) > 0) {
        json_object_set(j, "enum", names);
    }
    json_decref(names);
    return j;
}

static json_t *
schema_list(const struct field *f, struct place at)
{
    json_t *items = at.outline ? schema_object(true) : schema_of(f->type, at);
    json_t *j = json_pack("{s:s, s:o}", "type", "array", "items", items);

    put_limits(j, f);
    if (f->type->list_key && !at.whole) {
        json_object_set_new(j, "x-kubernetes-list-type", json_string("map"));
        json_object_set_new(j, "x-kubernetes-list-map-keys", json_pack("[s]", f->type->list_key));
    }
    return j;
}

/* Without a type, whatever is in it. */
static json_t *
schema_json(const struct field *f, struct place at)
{
    json_t *j = f->type && !at.outline ? schema_of(f->type, at) : schema_object(true);

    return f->list ? json_pack("{s:s, s:o}", "type", "array", "items", j) : j;
}

static json_t *
schema_map(bool of_quantities)
{
    return json_pack("{s:s, s:o}", "type", "object", "additionalProperties",
                     of_quantities ? schema_quantity() : json_pack("{s:s}", "type", "string"));
}

static json_t *
schema_field(const struct field *f, struct place at)
{
    json_t *j = schema_value(f, at);

    if (f->nullable) {
        json_object_set_new(j, "nullable", json_true());
    }
    if (at.is_told && f->type != &meta_type) { /* the API server's own */
        json_object_set_new(j, "description", json_string(f->doc));
    }
    return j;
}

static json_t *
schema_value(const struct field *f, struct place at)
{
    json_t *j = NULL;

    switch (f->kind) {
    case KIND_STRING:
        return schema_string(f);
    case KIND_INT:
    case KIND_OPT_INT:
        j = json_pack("{s:s}", "type", "integer");
        put_limits(j, f);
        return j;
    case KIND_TRI:
        return json_pack("{s:s}", "type", "boolean");
    case KIND_SWITCH:
        return json_pack("{s:s, s:{s:{s:s}}}", "type", "object", "properties", "enabled", "type", "boolean");
    case KIND_PRESENT:
    case KIND_KEPT:
        return schema_object(at.outline);
    case KIND_ENUM:
        return schema_enum(f);
    case KIND_QUANTITY:
        return schema_quantity();
    case KIND_TIME:
        return json_pack("{s:s, s:s}", "type", "string", "format", "date-time");
    case KIND_STRINGS:
        j = json_pack("{s:s, s:{s:s}}", "type", "array", "items", "type", "string");
        return j;
    case KIND_MAP:
        return schema_map(f->quantity);
    case KIND_STRUCT:
    case KIND_POINTER:
        if (at.outline) {
            return schema_object(true);
        }
        at.outline = f->outline;
        at.whole |= f->whole;
        j = schema_of(f->type, at);
        if (f->whole) {
            json_object_set_new(j, "x-kubernetes-map-type", json_string("atomic"));
        }
        return j;
    case KIND_LIST:
        return schema_list(f, at);
    case KIND_JSON:
        return schema_json(f, at);
    case KIND_PORT:
        return json_pack("{s:[{s:s},{s:s}], s:b}", "anyOf", "type", "integer", "type", "string",
                         "x-kubernetes-int-or-string", 1);
    case KIND_OTHERS:
    case KIND_END:
        break;
    }
    return json_object();
}
// NOLINTEND(misc-no-recursion)
