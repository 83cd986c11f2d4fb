// jansson's tree into text, by yajl.
#include "json.h"

#include <yajl/yajl_gen.h>

static bool write_value(yajl_gen g, const json_t *j);
static bool write_object(yajl_gen g, const json_t *object);
static void on_text(void *arg, const char *text, size_t len);

bool
json_write(const json_t *j, struct strbuf *sb)
{
    yajl_gen g = yajl_gen_alloc(NULL);

    BUG_ON(!g);
    yajl_gen_config(g, yajl_gen_print_callback, on_text, sb);
    bool ok = write_value(g, j);
    yajl_gen_free(g);
    return ok && !sb->over;
}

char *
json_compact(const json_t *j)
{
    struct strbuf sb = STRBUF_INIT(SIZE_MAX);

    BUG_ON(!json_write(j, &sb));
    return strbuf_steal(&sb);
}

char *
json_text(const json_t *j, struct arena *a)
{
    AUTO(strbuf_fini) struct strbuf sb = STRBUF_INIT(SIZE_MAX);

    BUG_ON(!json_write(j, &sb));
    return arena_strndup(a, strbuf_str(&sb), sb.len);
}

static bool
write_value(yajl_gen g, const json_t *j) // NOLINT(misc-no-recursion): yajl caps the depth
{
    yajl_gen_status status = yajl_gen_in_error_state;
    bool ok = true;

    switch (json_typeof(j)) {
    case JSON_OBJECT:
        return write_object(g, j);
    case JSON_ARRAY:
        ok = yajl_gen_array_open(g) == yajl_gen_status_ok;
        for (size_t i = 0; ok && i < json_array_size(j); i++) {
            ok = write_value(g, json_array_get(j, i));
        }
        return ok && yajl_gen_array_close(g) == yajl_gen_status_ok;
    case JSON_STRING:
        status = yajl_gen_string(g, (const unsigned char *)json_string_value(j), json_string_length(j));
        break;
    case JSON_INTEGER:
        status = yajl_gen_integer(g, json_integer_value(j));
        break;
    case JSON_REAL:
        status = yajl_gen_double(g, json_real_value(j));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        status = yajl_gen_bool(g, json_is_true(j));
        break;
    case JSON_NULL:
        status = yajl_gen_null(g);
        break;
    }
    return status == yajl_gen_status_ok;
}

static bool
write_object(yajl_gen g, const json_t *object) // NOLINT(misc-no-recursion): yajl caps the depth
{
    bool ok = yajl_gen_map_open(g) == yajl_gen_status_ok;
    const char *key;
    size_t len;
    json_t *value;

    json_object_keylen_foreach((json_t *)(uintptr_t)object, key, len, value)
    {
        ok = ok && yajl_gen_string(g, (const unsigned char *)key, len) == yajl_gen_status_ok && write_value(g, value);
    }
    return ok && yajl_gen_map_close(g) == yajl_gen_status_ok;
}

static void
on_text(void *arg, const char *text, size_t len)
{
    (void)strbuf_add(arg, text, len); /* 'over' tells */
}
