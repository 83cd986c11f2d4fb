// Labels and annotations of the template only, as KubeVirt does.
#include "reconcile/vmi/vmi_template.h"

#include "reconcile/vmi/vmi_kind.h"

static json_t *
owner_reference(const struct kind *kind, const struct meta *owner)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:b}", "apiVersion", kind->api_version, "kind", kind->kind, "name",
                     owner->name, "uid", owner->uid, "controller", 1, "blockOwnerDeletion", 1);
}

const json_t *
vmi_adopt_body(struct arena *a, const struct kind *kind, const struct meta *owner, const struct meta *vmi)
{
    json_t *body = json_pack("{s:s, s:s, s:{s:s, s:s, s:[o]}}", "apiVersion", vmi_kind.api_version, "kind",
                             vmi_kind.kind, "metadata", "name", vmi->name, "namespace", vmi->namespace,
                             "ownerReferences", owner_reference(kind, owner));

    BUG_ON(!body);
    return json_in_arena(a, body);
}

static json_t *
map_json(const struct str_map *m)
{
    json_t *j = json_object();

    for (size_t i = 0; i < m->n; i++) {
        (void)json_object_set_new(j, m->items[i].key, json_string(m->items[i].value)); /* decoded text is UTF-8 */
    }
    return j;
}

json_t *
vmi_of_template(struct arena *a, const struct vm_template *t, const struct kind *kind, const struct meta *owner,
                const char *name)
{
    json_t *annotations = map_json(&t->annotations);

    (void)json_object_set_new(annotations, "kubevirt.io/latest-observed-api-version", json_string("v1"));
    (void)json_object_set_new(annotations, "kubevirt.io/storage-observed-api-version", json_string("v1"));
    json_t *vmi = json_pack("{s:s, s:s, s:{s:s, s:s, s:o, s:o, s:[s], s:[o]}, s:O}", "apiVersion", vmi_kind.api_version,
                            "kind", vmi_kind.kind, "metadata", "name", name, "namespace", owner->namespace, "labels",
                            map_json(&t->labels), "annotations", annotations, "finalizers", VMI_FINALIZER,
                            "ownerReferences", owner_reference(kind, owner), "spec", t->spec_json);
    BUG_ON(!vmi);
    return json_in_arena(a, vmi);
}
