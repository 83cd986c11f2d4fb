// Discovery in its old and its new form, OpenAPI in both.
#include "serve/api/documents.h"

#include "base/json.h"

#define GROUP "subresources.kubevirt.io"

enum { N_VERSIONS = 2 };

static const char *const versions[N_VERSIONS] = {"v1", "v1alpha3"};
static const char plain_json[] = "application/json";

static const struct {
    const char *resource, *singular, *kind;
} parents[] = {
    {"virtualmachines", "virtualmachine", "VirtualMachine"},
    {"virtualmachineinstances", "virtualmachineinstance", "VirtualMachineInstance"},
};

static const char *
kind_of(const char *resource)
{
    for (size_t i = 0; i < ARRAY_LEN(parents); i++) {
        if (str_eq(parents[i].resource, resource)) {
            return parents[i].kind;
        }
    }
    return "VirtualMachine";
}

static const char *
right_of(const struct verb_row *row)
{
    return str_eq(row->method, "GET") ? "get" : "update";
}

/* What is refused whatever is asked is in no list, nor what replicas ask each other: clients would offer it. */
static bool
is_listed(const struct verb_row *row)
{
    return row->id != VERB_ID_ABSENT && row->id != VERB_ID_DIAL;
}

static json_t *
checked(json_t *j)
{
    BUG_ON(!j);
    return j;
}

static json_t *
group_version(const char *version)
{
    AUTO(freep) char *both = xasprintf(GROUP "/%s", version);

    return checked(json_pack("{s:s, s:s}", "groupVersion", both, "version", version));
}

/* Without kind and apiVersion, which the group has only when it stands alone. */
static json_t *
group(void)
{
    json_t *list = json_array();

    for (size_t i = 0; i < N_VERSIONS; i++) {
        (void)json_array_append_new(list, group_version(versions[i]));
    }
    return checked(
        json_pack("{s:s, s:o, s:o}", "name", GROUP, "versions", list, "preferredVersion", group_version("v1")));
}

static json_t *
with_kind(json_t *j, const char *kind, const char *api_version)
{
    (void)json_object_set_new(j, "kind", json_string(kind));
    (void)json_object_set_new(j, "apiVersion", json_string(api_version));
    return j;
}

static json_t *
groups(void)
{
    return checked(json_pack("{s:s, s:s, s:[o]}", "kind", "APIGroupList", "apiVersion", "v1", "groups", group()));
}

static json_t *
resource_list(const char *version)
{
    AUTO(freep) char *both = xasprintf(GROUP "/%s", version);
    json_t *list = json_array();

    for (size_t i = 0; i < n_verb_rows; i++) {
        const struct verb_row *row = &verb_rows[i];
        AUTO(freep) char *name = xasprintf("%s%s%s", row->resource, *row->resource ? "/" : "", row->name);
        if (is_listed(row)) {
            (void)json_array_append_new(
                list, checked(json_pack("{s:s, s:s, s:b, s:s, s:s, s:s, s:[s]}", "name", name, "singularName", "",
                                        "namespaced", 1, "group", "kubevirt.io", "version", "v1", "kind",
                                        kind_of(row->resource), "verbs", right_of(row))));
        }
    }
    return checked(json_pack("{s:s, s:s, s:s, s:o}", "kind", "APIResourceList", "apiVersion", "v1", "groupVersion",
                             both, "resources", list));
}

static json_t *
response_kind(const char *kind)
{
    return checked(json_pack("{s:s, s:s, s:s}", "group", "kubevirt.io", "version", "v1", "kind", kind));
}

/* Of the resources themselves there is nothing here: they are places for what is below them, without a kind of their own. */
static json_t *
parent(size_t at)
{
    json_t *list = json_array();

    for (size_t i = 0; i < n_verb_rows; i++) {
        const struct verb_row *row = &verb_rows[i];
        if (is_listed(row) && str_eq(row->resource, parents[at].resource)) {
            (void)json_array_append_new(list,
                                        checked(json_pack("{s:s, s:o, s:[s]}", "subresource", row->name, "responseKind",
                                                          response_kind(parents[at].kind), "verbs", right_of(row))));
        }
    }
    return checked(json_pack("{s:s, s:s, s:s, s:[], s:o}", "resource", parents[at].resource, "scope", "Namespaced",
                             "singularResource", parents[at].singular, "verbs", "subresources", list));
}

static json_t *
discovery(const char *api_version)
{
    json_t *list = json_array();

    for (size_t i = 0; i < N_VERSIONS; i++) {
        json_t *resources = json_array();
        for (size_t k = 0; k < ARRAY_LEN(parents); k++) {
            (void)json_array_append_new(resources, parent(k));
        }
        (void)json_array_append_new(list, checked(json_pack("{s:s, s:s, s:o}", "version", versions[i], "freshness",
                                                            "Current", "resources", resources)));
    }
    return checked(json_pack("{s:s, s:s, s:{}, s:[{s:{s:s, s:n}, s:o}]}", "kind", "APIGroupDiscoveryList", "apiVersion",
                             api_version, "metadata", "items", "metadata", "name", GROUP, "creationTimestamp",
                             "versions", list));
}

static json_t *
operation(const struct verb_row *row, const char *version, bool is_v3)
{
    AUTO(freep) char *id = xasprintf("%s_%s_%s_%s", version, row->method, row->resource, row->name);
    json_t *o = checked(json_pack("{s:s, s:s, s:{s:{s:s}, s:{s:s}}}", "operationId", id, "description", row->says,
                                  "responses", str_eq(row->method, "GET") ? "200" : "202", "description",
                                  "Done, or taken on.", "default", "description", "A Status that says why not."));

    for (char *p = id; *p; p++) {
        if (*p == '/' || *p == '-') {
            *p = '_';
        }
    }
    (void)json_object_set_new(o, "operationId", json_string(id));
    if (!is_v3) {
        (void)json_object_set_new(o, "produces", checked(json_pack("[s]", plain_json)));
    }
    return o;
}

static json_t *
parameter(const char *name, bool is_v3)
{
    json_t *p = checked(json_pack("{s:s, s:s, s:b}", "name", name, "in", "path", "required", 1));

    if (is_v3) {
        (void)json_object_set_new(p, "schema", checked(json_pack("{s:s}", "type", "string")));
    } else {
        (void)json_object_set_new(p, "type", json_string("string"));
    }
    return p;
}

static void
add_paths(json_t *paths, const char *version, bool is_v3)
{
    for (size_t i = 0; i < n_verb_rows; i++) {
        const struct verb_row *row = &verb_rows[i];
        bool is_named = *row->resource;
        AUTO(freep)
        char *path = xasprintf("/apis/" GROUP "/%s/namespaces/{namespace}/%s%s%s", version, row->resource,
                               is_named ? "/{name}/" : "", row->name);
        json_t *parameters = checked(json_pack("[o]", parameter("namespace", is_v3)));
        if (!is_listed(row)) {
            json_decref(parameters);
            continue;
        }
        if (is_named) {
            (void)json_array_append_new(parameters, parameter("name", is_v3));
        }
        (void)json_object_set_new(paths, path,
                                  checked(json_pack("{s:o, s:o}", str_eq(row->method, "GET") ? "get" : "put",
                                                    operation(row, version, is_v3), "parameters", parameters)));
    }
}

static json_t *
openapi_v2(void)
{
    json_t *paths = json_object();

    for (size_t i = 0; i < N_VERSIONS; i++) {
        add_paths(paths, versions[i], false);
    }
    return checked(json_pack("{s:s, s:{s:s, s:s}, s:o, s:{}}", "swagger", "2.0", "info", "title", "vmbridge", "version",
                             "v1", "paths", paths, "definitions"));
}

static json_t *
openapi_v3(const char *version)
{
    json_t *paths = json_object();

    add_paths(paths, version, true);
    return checked(json_pack("{s:s, s:{s:s, s:s}, s:o, s:{s:{}}}", "openapi", "3.0.0", "info", "title", "vmbridge",
                             "version", version, "paths", paths, "components", "schemas"));
}

/* FNV-1a: it has to differ when the text does, and nobody gains by two texts with one tag. */
static uint64_t
digest(const char *text)
{
    uint64_t h = 0xcbf29ce484222325U;

    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        h = (h ^ *p) * 0x100000001b3U;
    }
    return h;
}

/* Takes 'j'. */
static void
put(struct documents *d, enum document_id id, const char *content_type, json_t *j)
{
    struct document *doc = &d->items[id];

    doc->content_type = content_type;
    doc->text = json_compact(j);
    snprintf(doc->etag, sizeof(doc->etag), "\"%016llx\"", (unsigned long long)digest(doc->text));
    json_decref(j);
}

static json_t *
openapi_places(const struct documents *d)
{
    json_t *paths = json_object();

    for (size_t i = 0; i < N_VERSIONS; i++) {
        const char *etag = d->items[(size_t)DOCUMENT_OPENAPI_V3_V1 + i].etag;
        AUTO(freep) char *path = xasprintf("apis/" GROUP "/%s", versions[i]);
        AUTO(freep)
        char *url = xasprintf("/openapi/v3/%s?hash=%.*s", path, (int)strlen(etag) - 2, etag + 1);
        (void)json_object_set_new(paths, path, checked(json_pack("{s:s}", "serverRelativeURL", url)));
    }
    return checked(json_pack("{s:o}", "paths", paths));
}

/* What virtctl and dashboards show of the server. */
static json_t *
version_of(const char *version)
{
    return checked(json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "gitVersion", version, "gitCommit", "",
                             "gitTreeState", "", "buildDate", "", "goVersion", "", "compiler", "gcc", "platform",
                             "linux/amd64"));
}

void
documents_init(struct documents *d, const char *version)
{
    put(d, DOCUMENT_GROUPS, plain_json, groups());
    put(d, DOCUMENT_GROUPS_V2, "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList",
        discovery("apidiscovery.k8s.io/v2"));
    put(d, DOCUMENT_GROUPS_V2BETA1, "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList",
        discovery("apidiscovery.k8s.io/v2beta1"));
    put(d, DOCUMENT_GROUP, plain_json, with_kind(group(), "APIGroup", "v1"));
    put(d, DOCUMENT_V1, plain_json, resource_list("v1"));
    put(d, DOCUMENT_V1ALPHA3, plain_json, resource_list("v1alpha3"));
    put(d, DOCUMENT_VERSION, plain_json, version_of(version));
    put(d, DOCUMENT_OPENAPI_V2, plain_json, openapi_v2());
    put(d, DOCUMENT_OPENAPI_V3_V1, plain_json, openapi_v3("v1"));
    put(d, DOCUMENT_OPENAPI_V3_V1ALPHA3, plain_json, openapi_v3("v1alpha3"));
    put(d, DOCUMENT_OPENAPI_V3, plain_json, openapi_places(d));
}

void
documents_fini(struct documents *d)
{
    for (size_t i = 0; i < DOCUMENTS; i++) {
        free(d->items[i].text);
    }
}

/* The first of the new forms that the caller names, in its order; the old one without any. */
static enum document_id
groups_for(const char *accept)
{
    const char *v2 = accept ? strstr(accept, "g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList") : NULL;
    const char *beta = accept ? strstr(accept, "g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList") : NULL;

    if (v2 && (!beta || v2 < beta)) {
        return DOCUMENT_GROUPS_V2;
    }
    return beta ? DOCUMENT_GROUPS_V2BETA1 : DOCUMENT_GROUPS;
}

const struct document *
documents_find(const struct documents *d, const struct route *r, const char *accept)
{
    bool is_v1 = str_eq(r->version, "v1");

    switch (r->kind) {
    case ROUTE_GROUPS:
        return &d->items[groups_for(accept)];
    case ROUTE_GROUP:
        return &d->items[DOCUMENT_GROUP];
    case ROUTE_RESOURCES:
        return &d->items[is_v1 ? DOCUMENT_V1 : DOCUMENT_V1ALPHA3];
    case ROUTE_VERSION:
        return &d->items[DOCUMENT_VERSION];
    case ROUTE_OPENAPI_V2:
        return &d->items[DOCUMENT_OPENAPI_V2];
    case ROUTE_OPENAPI_V3:
        return &d->items[DOCUMENT_OPENAPI_V3];
    case ROUTE_OPENAPI_V3_GROUP:
        return &d->items[is_v1 ? DOCUMENT_OPENAPI_V3_V1 : DOCUMENT_OPENAPI_V3_V1ALPHA3];
    case ROUTE_UNKNOWN:
    case ROUTE_VERB:
    case ROUTE_BAD_METHOD:
    case ROUTE_HEALTHZ:
    case ROUTE_GUESTFS:
        break;
    }
    return NULL;
}
