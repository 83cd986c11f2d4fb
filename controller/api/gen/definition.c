// Two versions, one schema; only the one that is stored is described.
#include "api/gen/definition.h"

static json_t *
crd_columns(const struct served_kind *k)
{
    json_t *list = json_array();

    for (const struct served_column *c = k->columns; c->name; c++) {
        json_t *j =
            json_pack("{s:s, s:s, s:s}", "jsonPath", c->path, "name", c->name, "type", c->type ? c->type : "string");
        if (c->priority) {
            json_object_set_new(j, "priority", json_integer(c->priority));
        }
        json_array_append_new(list, j);
    }
    return list;
}

static json_t *
crd_version(const struct served_kind *k, const char *name, bool deprecated)
{
    json_t *j = json_pack("{s:s, s:b, s:b, s:{s:{}}, s:o}", "name", name, "served", 1, "storage", !deprecated,
                          "subresources", "status", "additionalPrinterColumns", crd_columns(k));

    if (k->selector) {
        json_object_set_new(json_object_get(j, "subresources"), "scale",
                            json_pack("{s:s, s:s, s:s}", "specReplicasPath", ".spec.replicas", "statusReplicasPath",
                                      ".status.replicas", "labelSelectorPath", k->selector));
    }
    if (deprecated) {
        json_object_set_new(j, "deprecated", json_true());
        json_object_set_new(j, "deprecationWarning",
                            json_sprintf("kubevirt.io/%s %s is deprecated; write kubevirt.io/v1", name, k->kind));
    }
    json_t *schema = api_schema(k->type, !deprecated); /* kubectl explain asks for v1 */
    json_object_set_new(json_object_get(schema, "properties"), "apiVersion", json_pack("{s:s}", "type", "string"));
    json_object_set_new(json_object_get(schema, "properties"), "kind", json_pack("{s:s}", "type", "string"));
    json_object_set_new(j, "schema", json_pack("{s:o}", "openAPIV3Schema", schema));
    return j;
}

json_t *
definition(const struct served_kind *k)
{
    json_t *versions = json_pack("[o, o]", crd_version(k, "v1", false), crd_version(k, "v1alpha3", true));
    json_t *names = json_pack("{s:[s], s:s, s:s, s:s, s:[s, s]}", "categories", "all", "kind", k->kind, "plural",
                              k->plural, "singular", k->singular, "shortNames", k->short_names[0], k->short_names[1]);
    json_t *meta = json_pack("{s:o, s:{s:s, s:s}}", "name", json_sprintf("%s.kubevirt.io", k->plural), "labels",
                             "app.kubernetes.io/managed-by", "vmbridge", "kubevirt.io", "");

    return json_pack("{s:s, s:s, s:o, s:{s:s, s:s, s:o, s:o}}", "apiVersion", "apiextensions.k8s.io/v1", "kind",
                     "CustomResourceDefinition", "metadata", meta, "spec", "group", "kubevirt.io", "scope",
                     "Namespaced", "names", names, "versions", versions);
}
