// Walks over a tree.
#include "json.h"

#include <stdarg.h>

enum { JSON_DIFF_DEPTH = 64 };

static json_t *merge_diff(const json_t *from, const json_t *to, int depth);

void
json_freep(json_t **j)
{
    json_decref(*j);
}

json_t *
json_at(const json_t *j, ...)
{
    va_list ap;

    va_start(ap, j);
    for (const char *key = va_arg(ap, const char *); j && key; key = va_arg(ap, const char *)) {
        j = json_object_get(j, key);
    }
    va_end(ap);
    return (json_t *)(uintptr_t)j; /* jansson's own getters drop const the same way */
}

void
json_copy_path(const char *path, const json_t *from, json_t *to)
{
    char step[JSON_STEP_SIZE];
    const char *dot = strchr(path, '.');

    while (dot) {
        (void)snprintf(step, sizeof(step), "%.*s", (int)(dot - path), path);
        from = json_object_get(from, step);
        if (!json_is_object(from)) {
            return;
        }
        json_t *next = json_object_get(to, step);
        if (!next) {
            next = json_object();
            BUG_ON(json_object_set_new(to, step, next) != 0);
        }
        to = next;
        path = dot + 1;
        dot = strchr(path, '.');
    }
    json_t *value = json_object_get(from, path);
    if (value) {
        BUG_ON(json_object_set(to, path, value) != 0);
    }
}

const char *
json_str(const json_t *j, const char *key)
{
    return json_string_value(json_object_get(j, key));
}

const json_t *
json_find(const json_t *list, const char *key, const char *value)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (str_eq(json_str(json_array_get(list, i), key), value)) {
            return json_array_get(list, i);
        }
    }
    return NULL;
}

int64_t
json_int(const json_t *j, const char *key, int64_t otherwise)
{
    const json_t *v = json_object_get(j, key);

    return json_is_integer(v) ? (int64_t)json_integer_value(v) : otherwise;
}

bool
json_bool(const json_t *j, const char *key, bool otherwise)
{
    const json_t *v = json_object_get(j, key);

    return json_is_boolean(v) ? json_is_true(v) : otherwise;
}

json_t *
json_merge_diff(const json_t *from, const json_t *to)
{
    return merge_diff(from, to, 0);
}

json_t *
json_in_arena(struct arena *a, json_t *j)
{
    arena_on_reset(a, (void (*)(void *))json_decref, j);
    return j;
}

static json_t *
merge_diff(const json_t *from, const json_t *to, int depth) // NOLINT(misc-no-recursion): the depth is capped
{
    BUG_ON(depth > JSON_DIFF_DEPTH);
    json_t *patch = NULL;
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)to, key, value) {
        const json_t *old = json_object_get(from, key);
        json_t *change = NULL;
        if (old && json_is_object(old) && json_is_object(value)) {
            change = merge_diff(old, value, depth + 1);
        } else if (!old || !json_equal(old, value)) {
            change = json_incref(value);
        }
        if (change) {
            patch = patch ? patch : json_object();
            BUG_ON(json_object_set_new(patch, key, change) != 0);
        }
    }
    json_object_foreach((json_t *)(uintptr_t)from, key, value) {
        if (!json_object_get(to, key)) {
            patch = patch ? patch : json_object();
            BUG_ON(json_object_set_new(patch, key, json_null()) != 0);
        }
    }
    return patch;
}
