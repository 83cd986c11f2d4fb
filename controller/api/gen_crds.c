// Writes crds/*.yaml (the definitions and policies) and docs/api-reference.md from the field tables; hack/gen-crds runs it. Deterministic: the same tables give
// the same bytes, and a test compares them with what is committed.
#include <errno.h>
#include <yaml.h>

#include "api/kinds/kubevirt.h"
#include "api/kinds/vm.h"
#include "api/rules/support.h"

enum { PAGE_MAX = 1 << 20, YAML_DEPTH_MAX = 64, POLICY_MAX = 90000, SENTENCE_MAX = 4000 };

struct column {
    const char *name;
    const char *path;
    const char *type; /* NULL: string */
    int priority;
};

/* A spec, or the part of one, that is held against rows of api/rules/support.h. */
struct supported {
    const struct support *rows; /* NULL ends a list of these */
    const char *root;           /* path of the spec, with its last dot */
    const char *value;          /* the same in CEL */
};

struct kind {
    const char *kind;
    const char *plural;
    const char *singular;
    const char *short_names[3];
    const struct type *type;
    struct column columns[8]; /* a NULL name ends them */
    struct supported parts[3];
    const char *unless; /* CEL: objects that the policy passes by, or NULL */
    const char *doc;
};

#define AGE                                             \
    {                                                   \
        "Age", ".metadata.creationTimestamp", "date", 0 \
    }
/* Its spec is the machine's template, which has been looked at; the controller checks it once more. */
#define OF_A_MACHINE                             \
    "has(object.metadata.ownerReferences) && "   \
    "object.metadata.ownerReferences.exists(o, " \
    "has(o.controller) && o.controller && o.kind == 'VirtualMachine')"
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
        {{vm_support, "spec.", "object.spec"},
         {vmi_support, "spec.template.spec.", "object.spec.template.spec"},
         {NULL, NULL, NULL}},
        NULL,
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
        {{vmi_support, "spec.", "object.spec"}, {NULL, NULL, NULL}, {NULL, NULL, NULL}},
        OF_A_MACHINE,
        "One run of a machine. Its spec is what a VirtualMachine has under `spec.template.spec`.",
    },
    {
        "KubeVirt",
        "kubevirts",
        "kubevirt",
        {"kv", "kvs", NULL},
        &kubevirt_type,
        {AGE, {"Phase", ".status.phase", NULL, 0}, {NULL, NULL, NULL, 0}},
        {{NULL, NULL, NULL}, {NULL, NULL, NULL}, {NULL, NULL, NULL}},
        NULL,
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
    json_t *schema = api_schema(k->type, !deprecated); /* kubectl explain asks for v1 */
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

static json_t *
policy_name(const struct kind *k)
{
    return json_sprintf("%s.kubevirt.io", k->plural);
}

static json_t *
policy_conditions(const struct kind *k)
{
    json_t *list = json_pack("[{s:s, s:s}]", "name", "spec-is-new", "expression",
                             "oldObject == null || object.spec != oldObject.spec");

    if (k->unless) {
        json_array_append_new(
            list, json_pack("{s:s, s:o}", "name", "not-of-a-machine", "expression", json_sprintf("!(%s)", k->unless)));
    }
    return list;
}

/* What was wrong before and is not changed is no reason to refuse the rest: such objects were stored under older rules. */
static json_t *
policy(const struct kind *k)
{
    AUTO(strbuf_fini) struct strbuf problems = STRBUF_INIT(POLICY_MAX);

    strbuf_adds(&problems, "(oldObject == null ? [object] : [object, oldObject]).map(self, ");
    BUG_ON(!api_policy(k->type, &problems));
    strbuf_adds(&problems, ")");
    BUG_ON(problems.over);
    json_t *rules = json_pack("[{s:[s], s:[s], s:[s, s], s:[s]}]", "apiGroups", "kubevirt.io", "apiVersions", "v1",
                              "operations", "CREATE", "UPDATE", "resources", k->plural);
    json_t *variables =
        json_pack("[{s:s, s:s}, {s:s, s:s}]", "name", "problems", "expression", strbuf_str(&problems), "name", "said",
                  "expression", "variables.problems[0].substring(0, variables.problems[0].size() - 2)");
    json_t *validation =
        json_pack("[{s:s, s:s, s:o, s:s}]", "expression",
                  "variables.problems[0] == '' || (variables.problems.size() == 2 && variables.problems[0] == "
                  "variables.problems[1])",
                  "message", "the spec is invalid", "messageExpression",
                  json_sprintf("variables.said.size() > %d ? variables.said.substring(0, %d) : variables.said",
                               SENTENCE_MAX, SENTENCE_MAX),
                  "reason", "Invalid");
    /* Ignore: a rule that cannot be evaluated blocks nobody, the controller looks again (design.md 5). */
    return json_pack("{s:s, s:s, s:{s:o, s:{s:s}}, s:{s:s, s:{s:s, s:o}, s:o, s:o, s:o}}", "apiVersion",
                     "admissionregistration.k8s.io/v1", "kind", "ValidatingAdmissionPolicy", "metadata", "name",
                     policy_name(k), "labels", "app.kubernetes.io/managed-by", "vmbridge", "spec", "failurePolicy",
                     "Ignore", "matchConstraints", "matchPolicy", "Equivalent", "resourceRules", rules,
                     "matchConditions", policy_conditions(k), "variables", variables, "validations", validation);
}

/* Pods that pass for launchers are made by those alone who may write an instance's status, which is the controller; and what makes them
 * launchers is changed by nobody else. Pods of everybody else do not match, so no rule is evaluated for them. */
#define POD_POLICY "launcher-pods.vmbridge.io"
#define LAUNCHER_OWNERS(o)                                                                                  \
    "(has(" o ".metadata.ownerReferences) ? " o ".metadata.ownerReferences.filter(r, has(r.controller) && " \
    "r.controller && r.kind == 'VirtualMachineInstance' && r.apiVersion.startsWith('kubevirt.io/')) : [])"
#define LAUNCHER_LABELS(o)                                                                                           \
    "(has(" o ".metadata.labels) ? ['kubevirt.io', 'kubevirt.io/created-by'].map(k, k in " o ".metadata.labels ? " o \
    ".metadata.labels[k] : '') : ['', ''])"
#define LAUNCHER_NOTES(o)                                                                      \
    "(has(" o ".metadata.annotations) ? ['vmbridge.io/instance', 'vmbridge.io/gateway-pins', " \
    "'vmbridge.io/gateway-ca'].map(k, k in " o ".metadata.annotations ? " o                    \
    ".metadata.annotations[k] : '') : ['', '', ''])"
#define PASSES_FOR_LAUNCHER(o)                                                                        \
    "(" o " != null && (" LAUNCHER_LABELS(o) "[0] == 'virt-launcher' || (has(" o                      \
                                             ".metadata.annotations) && 'vmbridge.io/instance' in " o \
                                             ".metadata.annotations) || " LAUNCHER_OWNERS(o) ".size() > 0))"

static json_t *
pod_policy(void)
{
    json_t *rules = json_pack("[{s:[s], s:[s], s:[s, s], s:[s]}]", "apiGroups", "", "apiVersions", "v1", "operations",
                              "CREATE", "UPDATE", "resources", "pods");
    json_t *conditions =
        json_pack(
            "[{s:s, s:s}, {s:s, s:s}]", "name", "passes-for-a-launcher", "expression",
            PASSES_FOR_LAUNCHER("object") " || " PASSES_FOR_LAUNCHER("oldObject"), "name", "changes-what-makes-it-one",
            "expression",
            "oldObject == null || object.spec != oldObject.spec || " LAUNCHER_LABELS("object") " != " LAUNCHER_LABELS(
                "oldO"
                "bjec"
                "t") " || " LAUNCHER_NOTES("object") " != " LAUNCHER_NOTES("oldObject") " || " LAUNCHER_OWNERS("object") " != " LAUNCHER_OWNERS("oldOb"
                                                                                                                                                "jec"
                                                                                                                                                "t"));
    json_t *validations =
        json_pack("[{s:s, s:s, s:s}]", "expression",
                  "authorizer.group('kubevirt.io').resource('virtualmachineinstances').subresource('status')"
                  ".namespace(request.namespace).check('patch').allowed()",
                  "message",
                  "pods with the label kubevirt.io=virt-launcher, the annotation vmbridge.io/instance or a "
                  "VirtualMachineInstance for controller are vmbridge's: who may not write the status of instances may "
                  "neither make one nor change its owner, these labels, its annotations of vmbridge.io, or its spec",
                  "reason", "Forbidden");

    /* Fail: what cannot be evaluated is a pod that was made so, and no pod of anybody else gets that far. */
    return json_pack("{s:s, s:s, s:{s:s, s:{s:s}}, s:{s:s, s:{s:s, s:o}, s:o, s:o}}", "apiVersion",
                     "admissionregistration.k8s.io/v1", "kind", "ValidatingAdmissionPolicy", "metadata", "name",
                     POD_POLICY, "labels", "app.kubernetes.io/managed-by", "vmbridge", "spec", "failurePolicy", "Fail",
                     "matchConstraints", "matchPolicy", "Equivalent", "resourceRules", rules, "matchConditions",
                     conditions, "validations", validations);
}

/* Takes effect as a warning that kubectl prints, one for each row that asks for something. */
static json_t *
repairs_validations(const struct kind *k)
{
    AUTO(arena_freep) struct arena *a = arena_new(POLICY_MAX);
    json_t *list = json_array();

    for (const struct supported *part = k->parts; part->rows; part++) {
        for (const struct support *row = part->rows; row->path; row++) {
            AUTO(strbuf_fini) struct strbuf rule = STRBUF_INIT(POLICY_MAX);
            if (row->class != SUPPORT_TOLD) {
                continue;
            }
            strbuf_addf(&rule, "[%s].all(spec, ", part->value);
            bool fits = support_policy(row, a, &rule) && strbuf_addc(&rule, ')');
            BUG_ON(!fits);
            json_array_append_new(list, json_pack("{s:s, s:o}", "expression", strbuf_str(&rule), "message",
                                                  json_sprintf("%s%s: %s", part->root, row->path, row->text)));
        }
    }
    return list;
}

static json_t *
repairs_name(const struct kind *k)
{
    return json_sprintf("repairs.%s.kubevirt.io", k->plural);
}

static json_t *
repairs_policy(const struct kind *k)
{
    json_t *rules = json_pack("[{s:[s], s:[s], s:[s, s], s:[s]}]", "apiGroups", "kubevirt.io", "apiVersions", "v1",
                              "operations", "CREATE", "UPDATE", "resources", k->plural);

    return json_pack("{s:s, s:s, s:{s:o, s:{s:s}}, s:{s:s, s:{s:s, s:o}, s:o, s:o}}", "apiVersion",
                     "admissionregistration.k8s.io/v1", "kind", "ValidatingAdmissionPolicy", "metadata", "name",
                     repairs_name(k), "labels", "app.kubernetes.io/managed-by", "vmbridge", "spec", "failurePolicy",
                     "Ignore", "matchConstraints", "matchPolicy", "Equivalent", "resourceRules", rules,
                     "matchConditions", policy_conditions(k), "validations", repairs_validations(k));
}

static json_t *
policy_binding(json_t *name, const char *action)
{
    return json_pack("{s:s, s:s, s:{s:O, s:{s:s}}, s:{s:o, s:[s]}}", "apiVersion", "admissionregistration.k8s.io/v1",
                     "kind", "ValidatingAdmissionPolicyBinding", "metadata", "name", name, "labels",
                     "app.kubernetes.io/managed-by", "vmbridge", "spec", "policyName", name, "validationActions",
                     action);
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

static void
emit_document(struct emitter *e, const json_t *j, bool is_first)
{
    yaml_event_t event;

    yaml_document_start_event_initialize(&event, NULL, NULL, NULL, is_first);
    emit(e, &event);
    emit_json(e, j, 0);
    yaml_document_end_event_initialize(&event, 1);
    emit(e, &event);
}

/* A document for each item of 'documents'. */
static bool
write_yaml(FILE *out, const json_t *documents)
{
    size_t i;
    json_t *j;
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
    json_array_foreach((json_t *)(uintptr_t)documents, i, j) {
        emit_document(&e, j, i == 0);
    }
    yaml_stream_end_event_initialize(&event);
    emit(&e, &event);
    yaml_emitter_delete(&e.yaml);
    return !e.failed;
}

static bool
write_crd(const char *folder, const struct kind *k)
{
    AUTO(freep) char *path = xasprintf("%s/crds/%s.yaml", folder, k->plural);
    AUTO(json_freep) json_t *j = json_pack("[o]", crd(k));
    const json_t *versions = json_at(json_array_get(j, 0), "spec", "versions", NULL);
    AUTO(freep) char *compact = json_dumps(json_array_get(versions, 0), JSON_COMPACT);
    AUTO(fclosep) FILE *out = fopen(path, "we");

    if (!j || !compact || !out || !write_yaml(out, j) || fflush(out) != 0) {
        fprintf(stderr, "gen_crds: cannot write %s: %s\n", path, strerrordesc_np(errno));
        return false;
    }
    printf("%-40s %6ld bytes, one version as JSON %zu bytes\n", path, ftell(out), strlen(compact));
    return true;
}

static bool
write_policies(const char *folder)
{
    AUTO(freep) char *path = xasprintf("%s/crds/policies.yaml", folder);
    AUTO(json_freep) json_t *all = json_array();
    AUTO(fclosep) FILE *out = fopen(path, "we");

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        json_array_append_new(all, policy(&kinds[i]));
        json_array_append_new(all, policy_binding(policy_name(&kinds[i]), "Deny"));
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (kinds[i].parts[0].rows) {
            json_array_append_new(all, repairs_policy(&kinds[i]));
            json_array_append_new(all, policy_binding(repairs_name(&kinds[i]), "Warn"));
        }
    }
    json_array_append_new(all, pod_policy());
    json_array_append_new(all, policy_binding(json_string(POD_POLICY), "Deny"));
    if (!out || !write_yaml(out, all) || fflush(out) != 0) {
        fprintf(stderr, "gen_crds: cannot write %s: %s\n", path, strerrordesc_np(errno));
        return false;
    }
    printf("%-40s %6ld bytes\n", path, ftell(out));
    return true;
}

/* The fields of a kind that do less than they say, with what becomes of them. */
static void
write_support(struct strbuf *page, const struct kind *k)
{
    if (k->type == &vmi_type) {
        strbuf_adds(page,
                    "\nWhat this version does not act on is the same as of a VirtualMachine's `spec.template.spec`.\n");
    }
    if (k->type != &vm_type) {
        return;
    }
    strbuf_addf(
        page,
        "\n### Fields of a %s that this version does not act on\n\n"
        "A field that is *refused* keeps the guest from starting: the condition `Stalled` names it and the way "
        "out. What is\n*told* is a warning at apply and a line in `status.bridge.repairs[]`; the guest runs. "
        "*Harmless* fields ask for what is so\nanyway. A field counts when it has a value other than `false`, `0`, "
        "`\"\"`, `[]` and `{enabled: false}`.\n\n| field | | |\n|---|---|---|\n",
        k->kind);
    for (const struct supported *part = k->parts; part->rows; part++) {
        for (const struct support *row = part->rows; row->path; row++) {
            strbuf_addf(page, "| `%s%s`%s%s%s | %s | %s |\n", part->root, row->path, row->only ? " `" : "",
                        row->only ? row->only : "", row->only ? "`" : "", support_class_name(row->class), row->text);
        }
    }
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
        "The kinds of `kubevirt.io/v1` that vmbridge serves, and each field that the API server takes. A field of a "
        "machine or an\n"
        "instance that is not listed is an error at apply, with its path; so is a typo. What stands in fields that are "
        "Kubernetes' own, or CDI's,\n"
        "`kubectl explain` tells.\n\n"
        "*Takes effect* tells when a change of a field reaches a guest that runs: `live` at once, `restart` with its "
        "next\n"
        "start, `recreate` when the object is made anew. A *switch* is an object: `{}` is on, `{enabled: false}` is "
        "off.\n");
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        strbuf_addf(&page, "\n## %s\n\n%s\n\n", kinds[i].kind, kinds[i].doc);
        fits = api_reference(kinds[i].type, "", &page) && fits;
        write_support(&page, &kinds[i]);
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
    ok = write_policies(argv[1]) && ok;
    return write_reference(argv[1]) && ok ? 0 : 1;
}
