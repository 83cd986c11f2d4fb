// All versions have one schema; only the one that is stored is described.
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
crd_subresources(const struct served_kind *k)
{
    json_t *j = json_pack("{s:{}}", "status");

    if (k->selector) {
        json_object_set_new(j, "scale",
                            json_pack("{s:s, s:s, s:s}", "specReplicasPath", ".spec.replicas", "statusReplicasPath",
                                      ".status.replicas", "labelSelectorPath", k->selector));
    }
    return j;
}

static json_t *
crd_version(const struct served_kind *k, const char *name)
{
    bool is_deprecated = !str_eq(name, k->versions[0]);
    json_t *j =
        json_pack("{s:s, s:b, s:b, s:o*, s:o}", "name", name, "served", 1, "storage", !is_deprecated, "subresources",
                  k->is_written_by_us ? NULL : crd_subresources(k), "additionalPrinterColumns", crd_columns(k));

    if (is_deprecated) {
        json_object_set_new(j, "deprecated", json_true());
        json_object_set_new(
            j, "deprecationWarning",
            json_sprintf("%s/%s %s is deprecated; write %s/%s", k->group, name, k->kind, k->group, k->versions[0]));
    }
    json_t *schema = api_schema(k->type, !is_deprecated); /* kubectl explain asks for the first */
    json_object_set_new(json_object_get(schema, "properties"), "apiVersion", json_pack("{s:s}", "type", "string"));
    json_object_set_new(json_object_get(schema, "properties"), "kind", json_pack("{s:s}", "type", "string"));
    json_object_set_new(j, "schema", json_pack("{s:o}", "openAPIV3Schema", schema));
    return j;
}

static json_t *
texts(const char *const *list)
{
    json_t *j = json_array();

    for (; *list; list++) {
        json_array_append_new(j, json_string(*list));
    }
    return j;
}

json_t *
definition(const struct served_kind *k)
{
    json_t *versions = json_array();

    for (const char *const *v = k->versions; *v; v++) {
        json_array_append_new(versions, crd_version(k, *v));
    }
    json_t *names =
        json_pack("{s:[s], s:s, s:s, s:s, s:o}", "categories", k->is_cluster_scoped ? "vmbridge" : "all", "kind",
                  k->kind, "plural", k->plural, "singular", k->singular, "shortNames", texts(k->short_names));
    json_t *meta = json_pack("{s:o, s:{s:s, s:s}}", "name", json_sprintf("%s.%s", k->plural, k->group), "labels",
                             "app.kubernetes.io/managed-by", "vmbridge", "kubevirt.io", "");

    return json_pack("{s:s, s:s, s:o, s:{s:s, s:s, s:o, s:o}}", "apiVersion", "apiextensions.k8s.io/v1", "kind",
                     "CustomResourceDefinition", "metadata", meta, "spec", "group", k->group, "scope",
                     k->is_cluster_scoped ? "Cluster" : "Namespaced", "names", names, "versions", versions);
}
