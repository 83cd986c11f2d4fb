// Writes crds/*.yaml and docs/api-reference.md from the field tables; hack/gen-crds runs it. Deterministic: the same tables give
// the same bytes, and a test compares them with what is committed.
#include <errno.h>
#include <yaml.h>

#include "api/kubevirt.h"
#include "api/vm.h"

enum { PAGE_MAX = 1 << 20, YAML_DEPTH_MAX = 64 };

struct column {
    const char *name;
    const char *path;
    const char *type; /* NULL: string */
    int priority;
};

struct kind {
    const char *kind;
    const char *plural;
    const char *singular;
    const char *short_names[3];
    const struct type *type;
    struct column columns[8]; /* a NULL name ends them */
    const char *doc;
};

#define AGE                                             \
    {                                                   \
        "Age", ".metadata.creationTimestamp", "date", 0 \
    }
#define CONDITION(t) ".status.conditions[?(@.type=='" t "')].status"

static const struct kind kinds[] = {
    {
        "VirtualMachine",
        "virtualmachines",
        "virtualmachine",
        {"vm", "vms", NULL},
        &vm_type,
        {AGE,
         {"Status", ".status.printableStatus", NULL, 0},
         {"Ready", CONDITION("Ready"), NULL, 0},
         {NULL, NULL, NULL, 0}},
        "A machine that is wished for, whether it runs or not. Its runs are VirtualMachineInstances of the same name.",
    },
    {
        "VirtualMachineInstance",
        "virtualmachineinstances",
        "virtualmachineinstance",
        {"vmi", "vmis", NULL},
        &vmi_type,
        {AGE,
         {"Phase", ".status.phase", NULL, 0},
         {"IP", ".status.interfaces[0].ipAddress", NULL, 0},
         {"NodeName", ".status.nodeName", NULL, 0},
         {"Ready", CONDITION("Ready"), NULL, 0},
         {"Live-Migratable", CONDITION("LiveMigratable"), NULL, 1},
         {"Paused", CONDITION("Paused"), NULL, 1},
         {NULL, NULL, NULL, 0}},
        "One run of a machine. Its spec is what a VirtualMachine has under `spec.template.spec`.",
    },
    {
        "KubeVirt",
        "kubevirts",
        "kubevirt",
        {"kv", "kvs", NULL},
        &kubevirt_type,
        {AGE, {"Phase", ".status.phase", NULL, 0}, {NULL, NULL, NULL, 0}},
        "The configuration of vmbridge in a cluster; one object.",
    },
};

static json_t *
crd_columns(const struct kind *k)
{
    json_t *list = json_array();

    for (const struct column *c = k->columns; c->name; c++) {
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
crd_version(const struct kind *k, const char *name, bool deprecated)
{
    json_t *j = json_pack("{s:s, s:b, s:b, s:{s:{}}, s:o}", "name", name, "served", 1, "storage", !deprecated,
                          "subresources", "status", "additionalPrinterColumns", crd_columns(k));
    if (deprecated) {
        json_object_set_new(j, "deprecated", json_true());
        json_object_set_new(j, "deprecationWarning",
                            json_sprintf("kubevirt.io/%s %s is deprecated; write kubevirt.io/v1", name, k->kind));
    }
    json_t *schema = api_schema(k->type);
    json_object_set_new(json_object_get(schema, "properties"), "apiVersion", json_pack("{s:s}", "type", "string"));
    json_object_set_new(json_object_get(schema, "properties"), "kind", json_pack("{s:s}", "type", "string"));
    json_object_set_new(j, "schema", json_pack("{s:o}", "openAPIV3Schema", schema));
    return j;
}

static json_t *
crd(const struct kind *k)
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

struct emitter {
    yaml_emitter_t yaml;
    FILE *out;
    bool failed;
};

static int
emit_bytes(void *data, unsigned char *bytes, size_t len)
{
    struct emitter *e = data;

    return fwrite(bytes, 1, len, e->out) == len;
}

static void
emit(struct emitter *e, yaml_event_t *event)
{
    e->failed = !yaml_emitter_emit(&e->yaml, event) || e->failed;
}

/* Strings are quoted where a plain one would read as something else; libyaml does the rest of the quoting. */
static void
emit_scalar(struct emitter *e, const char *text, bool is_string)
{
    static const char *const words[] = {"true", "false", "null", "yes", "no", "on", "off", "y", "n", "~", ""};
    yaml_event_t event;
    bool quote = false;

    for (size_t i = 0; is_string && i < ARRAY_LEN(words); i++) {
        quote = quote || strcasecmp(text, words[i]) == 0;
    }
    quote = quote || (is_string && strspn(text, "0123456789.+-eE_") == strlen(text));
    yaml_scalar_event_initialize(&event, NULL, NULL, (const yaml_char_t *)text, (int)strlen(text), 1, is_string,
                                 quote ? YAML_SINGLE_QUOTED_SCALAR_STYLE : YAML_ANY_SCALAR_STYLE);
    emit(e, &event);
}

// NOLINTBEGIN(misc-no-recursion): YAML_DEPTH_MAX at most
static void emit_json(struct emitter *e, const json_t *j, unsigned depth);

static void
emit_object(struct emitter *e, const json_t *j, unsigned depth)
{
    yaml_event_t event;
    const char *key;
    json_t *value;
    bool empty = json_object_size(j) == 0;

    yaml_mapping_start_event_initialize(&event, NULL, NULL, 1,
                                        empty ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE);
    emit(e, &event);
    json_object_foreach((json_t *)(uintptr_t)j, key, value) {
        emit_scalar(e, key, true);
        emit_json(e, value, depth + 1);
    }
    yaml_mapping_end_event_initialize(&event);
    emit(e, &event);
}

static void
emit_array(struct emitter *e, const json_t *j, unsigned depth)
{
    yaml_event_t event;
    size_t i;
    json_t *value;

    yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE);
    emit(e, &event);
    json_array_foreach((json_t *)(uintptr_t)j, i, value) {
        emit_json(e, value, depth + 1);
    }
    yaml_sequence_end_event_initialize(&event);
    emit(e, &event);
}

static void
emit_json(struct emitter *e, const json_t *j, unsigned depth)
{
    BUG_ON(depth >= YAML_DEPTH_MAX);
    if (json_is_object(j)) {
        emit_object(e, j, depth);
    } else if (json_is_array(j)) {
        emit_array(e, j, depth);
    } else if (json_is_string(j)) {
        emit_scalar(e, json_string_value(j), true);
    } else {
        AUTO(freep) char *text = json_dumps(j, JSON_ENCODE_ANY);
        emit_scalar(e, text, false);
    }
}

// NOLINTEND(misc-no-recursion)

static bool
write_yaml(FILE *out, const json_t *j)
{
    struct emitter e = {.out = out};
    yaml_event_t event;

    fputs("# Generated by hack/gen-crds from the tables in controller/api; change those.\n", out);
    if (!yaml_emitter_initialize(&e.yaml)) {
        return false;
    }
    yaml_emitter_set_output(&e.yaml, emit_bytes, &e);
    yaml_emitter_set_width(&e.yaml, -1);
    yaml_emitter_set_unicode(&e.yaml, 1);
    yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING);
    emit(&e, &event);
    yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1);
    emit(&e, &event);
    emit_json(&e, j, 0);
    yaml_document_end_event_initialize(&event, 1);
    emit(&e, &event);
    yaml_stream_end_event_initialize(&event);
    emit(&e, &event);
    yaml_emitter_delete(&e.yaml);
    return !e.failed;
}

static bool
write_crd(const char *folder, const struct kind *k)
{
    AUTO(freep) char *path = xasprintf("%s/crds/%s.yaml", folder, k->plural);
    AUTO(json_freep) json_t *j = crd(k);
    AUTO(freep) char *compact = json_dumps(json_array_get(json_at(j, "spec", "versions", NULL), 0), JSON_COMPACT);
    AUTO(fclosep) FILE *out = fopen(path, "we");

    if (!j || !compact || !out || !write_yaml(out, j) || fflush(out) != 0) {
        fprintf(stderr, "gen_crds: cannot write %s: %s\n", path, strerrordesc_np(errno));
        return false;
    }
    printf("%-40s %6ld bytes, one version as JSON %zu bytes\n", path, ftell(out), strlen(compact));
    return true;
}

static bool
write_reference(const char *folder)
{
    AUTO(freep) char *path = xasprintf("%s/docs/api-reference.md", folder);
    AUTO(strbuf_fini) struct strbuf page = STRBUF_INIT(PAGE_MAX);
    AUTO(fclosep) FILE *out = fopen(path, "we");
    bool fits = true;

    strbuf_adds(
        &page,
        "<!-- Generated by hack/gen-crds from the tables in controller/api; change those. -->\n# API reference\n\n"
        "The kinds of `kubevirt.io/v1` that vmbridge serves, and each field that it reads or writes. Fields of "
        "KubeVirt\n"
        "that are not listed are kept as they were written.\n\n"
        "*Takes effect* tells when a change of a field reaches a guest that runs: `live` at once, `restart` with its "
        "next\n"
        "start, `recreate` when the object is made anew. A *switch* is an object: `{}` is on, `{enabled: false}` is "
        "off.\n");
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        strbuf_addf(&page, "\n## %s\n\n%s\n\n", kinds[i].kind, kinds[i].doc);
        fits = api_reference(kinds[i].type, "", &page) && fits;
    }
    if (!fits || !out || fwrite(page.buf, 1, page.len, out) != page.len) {
        fprintf(stderr, "gen_crds: cannot write %s: %s\n", path, strerrordesc_np(errno));
        return false;
    }
    printf("%-40s %6zu bytes\n", path, page.len);
    return true;
}

int
main(int argc, char **argv)
{
    bool ok = argc == 2;

    if (!ok || strcmp(argv[1], "--help") == 0) {
        fputs("usage: gen_crds FOLDER\nWrites FOLDER/crds/*.yaml and FOLDER/docs/api-reference.md.\n",
              ok ? stdout : stderr);
        return ok ? 0 : 1;
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        ok = write_crd(argv[1], &kinds[i]) && ok;
    }
    return write_reference(argv[1]) && ok ? 0 : 1;
}
