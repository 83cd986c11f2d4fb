// The version first, then the fields.
#include "domain/instance_read.h"

struct err *
instance_read(const char *text, size_t len, struct arena *a, struct instance *ret_instance)
{
    json_t *j = NULL;
    struct err *e = json_parse(text, len, INSTANCE_MAX, &j);

    if (!e) {
        json_in_arena(a, j);
    }
    if (!e && json_int(j, "version", 0) != INSTANCE_VERSION) { /* before its fields are looked at */
        e = err_new(ERR_INVALID, "version %lld is not run here, only %d: launcher and controller differ",
                    (long long)json_int(j, "version", 0), INSTANCE_VERSION);
    }
    if (!e) {
        e = api_decode(&instance_type, j, a, ret_instance);
    }
    if (!e) {
        e = instance_complete(ret_instance, a);
    }
    return e;
}
