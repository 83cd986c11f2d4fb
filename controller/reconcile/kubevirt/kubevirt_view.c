// Decoding the configuration object.
#include "reconcile/kubevirt/kubevirt_view.h"

enum { OBJECT_MAX = 1024 * 1024 };

struct err *
kubevirt_view_make(struct arena *a, const struct object *object, struct kubevirt *ret_kubevirt)
{
    json_t *j = NULL;
    struct err *e = object->why ? err_new(ERR_INVALID, "%s", object->why) : object_parse(object, OBJECT_MAX, &j);

    if (!e) {
        e = api_decode(&kubevirt_type, json_in_arena(a, j), a, ret_kubevirt);
    }
    return err_wrap(e, "decode the KubeVirt object %s", object->key);
}
