// What of a wish takes effect at once, taken over into what is.
#include "api/walk/field.h"

#include "api/walk/table.h"

static void take_object(const struct type *t, json_t *to, const json_t *wish, unsigned depth);

json_t *
api_take_live(const struct type *t, const json_t *current, const json_t *desired, struct arena *a)
{
    json_t *now = json_in_arena(a, json_deep_copy(current));

    BUG_ON(!now);
    take_object(t, now, desired, 0);
    return now;
}

/* The object that holds the last key of a path of the rows, and that key; NULL when it is not there, unless 'is_made'. */
static json_t *
holder(json_t *object, const char *path, bool is_made, const char **ret_key)
{
    char step[JSON_STEP_SIZE];

    for (const char *dot = strchr(path, '.'); dot && object; dot = strchr(path, '.')) {
        size_t len = (size_t)(dot - path);
        BUG_ON(len >= sizeof step);
        memcpy(step, path, len);
        step[len] = '\0';
        json_t *below = json_object_get(object, step);
        if (!json_is_object(below) && is_made) {
            below = json_object();
            (void)json_object_set_new(object, step, below);
        }
        object = json_is_object(below) ? below : NULL;
        path = dot + 1;
    }
    *ret_key = path;
    return object;
}

static json_t *
value_at(const json_t *object, const char *path)
{
    const char *key;
    json_t *in = holder((json_t *)(uintptr_t)object, path, false, &key);
    json_t *value = *key ? json_object_get(in, key) : in;

    return json_is_null(value) ? NULL : value;
}

static void
take_value(json_t *to, const char *path, json_t *value)
{
    const char *key;
    json_t *in = holder(to, path, value != NULL, &key);

    if (value) {
        (void)json_object_set(in, key, value); /* shared: nobody changes it afterwards */
    } else {
        (void)json_object_del(in, key);
    }
}

// NOLINTBEGIN(misc-no-recursion): as deep as the tables nest
/* Items that only one side has are no change of an item. */
static void
take_list(const struct type *t, json_t *to, const json_t *wish, unsigned depth)
{
    for (size_t i = 0; i < json_array_size(to); i++) {
        json_t *item = json_array_get(to, i);
        const json_t *other = json_find(wish, t->list_key, json_str(item, t->list_key));
        if (other) {
            take_object(t, item, other, depth);
        }
    }
}

static void
take_object(const struct type *t, json_t *to, const json_t *wish, unsigned depth)
{
    BUG_ON(depth >= API_DEPTH_MAX);
    for (const struct field *f = t->fields; f->kind != KIND_END; f++) {
        bool is_holder =
            f->kind == KIND_STRUCT || f->kind == KIND_POINTER || (f->kind == KIND_LIST && f->type->list_key);
        if (f->shadow || f->kind == KIND_OTHERS || (f->change != CHANGE_LIVE && !is_holder)) {
            continue;
        }
        json_t *old = value_at(to, f->path), *new = value_at(wish, f->path);
        if (f->change == CHANGE_LIVE && field_change(f, old, new) == CHANGE_LIVE) {
            take_value(to, f->path, new);
        } else if (f->kind == KIND_LIST && old && new) {
            take_list(f->type, old, new, depth + 1);
        } else if (json_is_object(old) && json_is_object(new)) {
            take_object(f->type, old, new, depth + 1);
        }
    }
}
// NOLINTEND(misc-no-recursion)
