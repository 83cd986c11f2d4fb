// What differs between two objects of a type, named by path.
#include "api/walk/field.h"

#include "api/walk/quantity.h"
#include "api/walk/table.h"

struct diff {
    struct arena *arena;
    struct change_list *out;
};

/* Where two objects are compared: 'at' in the whole, 'inside' in the rows of the type ("devices" of "devices.disks"). */
struct spot {
    const char *at;
    const char *inside;
    unsigned depth;
};

static void diff_object(const struct diff *d, const struct type *t, const json_t *from, const json_t *to,
                        const struct spot *s);

void
api_diff(const struct type *t, const json_t *current, const json_t *desired, struct arena *a,
         struct change_list *ret_changes)
{
    const struct diff d = {.arena = a, .out = ret_changes};

    *ret_changes = (struct change_list){.items = ARENA_NEW_N(a, struct change, API_CHANGES_MAX)};
    diff_object(&d, t, current, desired, &(struct spot){.at = "", .inside = ""});
}

enum change_class
field_change(const struct field *f, const json_t *from, const json_t *to)
{
    bool waits =
        f->not_live && (str_eq(json_string_value(from), f->not_live) || str_eq(json_string_value(to), f->not_live));

    return waits ? CHANGE_RESTART : f->change;
}

static void
note(const struct diff *d, const char *path, const json_t *from, const json_t *to, enum change_class class)
{
    if (d->out->n == API_CHANGES_MAX) {
        d->out->cut = true;
        return;
    }
    d->out->items[d->out->n++] = (struct change){
        .path = path,
        .current = from ? json_text(from, d->arena) : NULL,
        .desired = to ? json_text(to, d->arena) : NULL,
        .takes_effect = class,
    };
}

static const char *
join(struct arena *a, const char *at, const char *key)
{
    return *at && *key ? arena_printf(a, "%s.%s", at, key) : *at ? at : key;
}

static bool
same_quantity(struct arena *a, const json_t *x, const json_t *y)
{
    struct quantity p, q;
    const char *px = json_is_string(x) ? json_string_value(x) : json_text(x, a);
    const char *py = json_is_string(y) ? json_string_value(y) : json_text(y, a);
    AUTO(err_freep) struct err *e = quantity_parse(px, &p);
    AUTO(err_freep) struct err *e2 = quantity_parse(py, &q);

    return !e && !e2 && p.milli == q.milli && p.value == q.value;
}

static bool
same(const struct diff *d, const struct field *f, const json_t *from, const json_t *to)
{
    if (!from || !to) {
        return from == to;
    }
    return json_equal(from, to) || (f->kind == KIND_QUANTITY && same_quantity(d->arena, from, to));
}

/* Names of those items that are in the other list too, in their order. */
static json_t *
common_names(const struct diff *d, const char *key, const json_t *list, const json_t *other)
{
    json_t *names = json_in_arena(d->arena, json_array());

    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_str(json_array_get(list, i), key);
        if (name && json_find(other, key, name)) {
            (void)json_array_append_new(names, json_string(name));
        }
    }
    return names;
}

static void
diff_order(const struct diff *d, const struct field *f, const json_t *from, const json_t *to, const char *at)
{
    const json_t *old = common_names(d, f->type->list_key, from, to),
                 *new = common_names(d, f->type->list_key, to, from);

    if (f->type->ordered && !json_equal(old, new)) {
        note(d, at, old, new, f->change);
    }
}

// NOLINTBEGIN(misc-no-recursion): as deep as the tables nest, and API_DEPTH_MAX at most
/* Items are compared by key; one that is only on one side differs whole. */
static void
diff_list(const struct diff *d, const struct field *f, const json_t *from, const json_t *to, const char *at,
          unsigned depth)
{
    const char *key = f->type->list_key;

    for (size_t i = 0; i < json_array_size(from); i++) {
        const json_t *item = json_array_get(from, i);
        const char *name = json_str(item, key);
        const json_t *other = json_find(to, key, name);
        const char *path = arena_printf(d->arena, "%s[%s]", at, name ? name : "");
        if (other) {
            diff_object(d, f->type, item, other, &(struct spot){.at = path, .inside = "", .depth = depth});
        } else {
            note(d, path, item, NULL, f->change);
        }
    }
    for (size_t i = 0; i < json_array_size(to); i++) {
        const json_t *item = json_array_get(to, i);
        const char *name = json_str(item, key);
        if (!json_find(from, key, name)) {
            note(d, arena_printf(d->arena, "%s[%s]", at, name ? name : ""), NULL, item, f->change);
        }
    }
    diff_order(d, f, from, to, at);
}

static void
diff_field(const struct diff *d, const struct field *f, const json_t *from, const json_t *to, const char *path,
           unsigned depth)
{
    bool both = from && to;

    if (same(d, f, from, to)) {
        return;
    }
    if (f->kind == KIND_LIST && f->type->list_key) {
        diff_list(d, f, from, to, path, depth);
    } else if (f->kind == KIND_STRUCT || (both && f->kind == KIND_POINTER)) {
        diff_object(d, f->type, from, to, &(struct spot){.at = path, .inside = "", .depth = depth});
    } else {
        note(d, path, from, to, field_change(f, from, to));
    }
}

/* The row of a path, or NULL; 'ret_inside' tells whether rows lie below it. */
static const struct field *
row_of(const struct type *t, const char *path, bool *ret_inside)
{
    size_t len = strlen(path);

    *ret_inside = false;
    for (const struct field *f = t->fields; f->kind != KIND_END; f++) {
        if (f->shadow || f->kept || f->kind == KIND_OTHERS || strncmp(f->path, path, len) != 0) {
            continue;
        }
        if (f->path[len] == '\0') {
            return f;
        }
        *ret_inside = *ret_inside || f->path[len] == '.';
    }
    return NULL;
}

static void
diff_key(const struct diff *d, const struct type *t, const json_t *from, const json_t *to, const struct spot *s)
{
    bool inside;
    const struct field *f = row_of(t, s->inside, &inside);

    if (f) {
        diff_field(d, f, from, to, s->at, s->depth);
    } else if (inside && (!from || json_is_object(from)) && (!to || json_is_object(to))) {
        diff_object(d, t, from, to, s);
    } else if (!from || !to || !json_equal(from, to)) {
        note(d, s->at, from, to, CHANGE_RESTART);
    }
}

static const json_t *
value_of(const json_t *object, const char *key)
{
    const json_t *j = json_object_get(object, key);

    return json_is_null(j) ? NULL : j;
}

static void
diff_object(const struct diff *d, const struct type *t, const json_t *from, const json_t *to, const struct spot *s)
{
    AUTO(json_freep) json_t *keys = json_object();
    const char *key;
    json_t *value;

    BUG_ON(s->depth >= API_DEPTH_MAX);
    json_object_update(keys, (json_t *)(uintptr_t)from);
    json_object_update(keys, (json_t *)(uintptr_t)to);
    json_object_foreach(keys, key, value) {
        const struct spot below = {
            .at = join(d->arena, s->at, arena_strdup(d->arena, key)),
            .inside = join(d->arena, s->inside, arena_strdup(d->arena, key)),
            .depth = s->depth + 1,
        };
        const json_t *old = value_of(from, key), *new = value_of(to, key);
        if (old || new) {
            diff_key(d, t, old, new, &below);
        }
    }
}
// NOLINTEND(misc-no-recursion)
