// Labels, annotations and spec of the template; the rest says whose it is and how CDI is to go about it.
#include "reconcile/datavolume/data_volume_render.h"

#include "reconcile/datavolume/data_volume_kind.h"

/* A claim of that name that is there already is taken for filled: it outlives a DataVolume that was deleted. */
#define ADOPTION_ANNOTATION "cdi.kubevirt.io/allowClaimAdoption"
/* No pod is waited for: a guest that consumed the claim first would find it empty. */
#define BINDING_ANNOTATION "cdi.kubevirt.io/storage.bind.immediate.requested"

const char *
data_volume_template_name(const json_t *template)
{
    const char *name = json_str(json_object_get(template, "metadata"), "name");

    return str_empty(name) ? NULL : name;
}

static json_t *
texts(const json_t *map)
{
    json_t *copy = json_object();
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)map, key, value) {
        if (json_is_string(value)) {
            (void)json_object_set(copy, key, value); /* a text of an object that was read: none fails */
        }
    }
    return copy;
}

static void
set_if_absent(json_t *map, const char *key, const char *value)
{
    if (!json_object_get(map, key)) {
        (void)json_object_set_new(map, key, json_string(value)); /* ASCII */
    }
}

const json_t *
data_volume_render(struct arena *a, const struct kind *kind, const struct meta *vm, const json_t *template)
{
    const json_t *meta = json_object_get(template, "metadata");
    json_t *labels = texts(json_object_get(meta, "labels"));
    json_t *annotations = texts(json_object_get(meta, "annotations"));

    (void)json_object_set_new(labels, "kubevirt.io/created-by", json_string(vm->uid)); /* decoded text is UTF-8 */
    set_if_absent(annotations, ADOPTION_ANNOTATION, "true");
    set_if_absent(annotations, BINDING_ANNOTATION, "true");
    json_t *owner = json_pack("{s:s, s:s, s:s, s:s, s:b, s:b}", "apiVersion", kind->api_version, "kind", kind->kind,
                              "name", vm->name, "uid", vm->uid, "controller", 1, "blockOwnerDeletion", 1);
    json_t *o = json_pack("{s:s, s:s, s:{s:s, s:s, s:o, s:o, s:[o]}, s:O}", "apiVersion", data_volume_kind.api_version,
                          "kind", data_volume_kind.kind, "metadata", "name", data_volume_template_name(template),
                          "namespace", vm->namespace, "labels", labels, "annotations", annotations, "ownerReferences",
                          owner, "spec", json_object_get(template, "spec"));
    BUG_ON(!o);
    return json_in_arena(a, o);
}
