// Reading what is packed.
#include "cache/object.h"

#include "cache/transform.h"

struct err *
object_parse(const struct object *o, size_t max_bytes, json_t **ret_json)
{
    AUTO(freep) char *text = NULL;

    if (o->json->len > max_bytes) {
        return err_new(ERR_INVALID, "more than %zu bytes", max_bytes);
    }
    struct err *e = packed_text(o->json, &text);
    if (e) {
        return e;
    }
    return json_parse(text, o->json->len, max_bytes, ret_json);
}

struct err *
object_part(const struct object *o, const char *const *paths, json_t **ret_json)
{
    AUTO(freep) char *text = NULL;
    struct err *e = packed_text(o->json, &text);

    return e ? e : json_part(text, o->json->len, paths, ret_json);
}

bool
object_lost_status(const json_t *object)
{
    return transform_has_lost_status(object);
}
