// The field tables: what is decoded is encoded again, every row is in a golden case, wrong input names its path, differences name
// theirs; metadata, conditions, run strategies.
#include "api/kinds/instance.h"
#include "api/kinds/kubevirt.h"
#include "api/kinds/launcher_msg.h"
#include "api/kinds/node_capabilities.h"
#include "api/kinds/replicaset.h"
#include "base/yaml.h"

#include <check.h>

enum { FILE_MAX = 1 << 20 };

static const struct {
    const char *name;
    const struct type *type;
    size_t size;
} types[] = {
    {"vm", &vm_type, sizeof(struct vm)},
    {"vmi", &vmi_type, sizeof(struct vmi)},
    {"replicaset", &replicaset_type, sizeof(struct replicaset)},
    {"kubevirt", &kubevirt_type, sizeof(struct kubevirt)},
    {"nodecapabilities", &node_capabilities_type, sizeof(struct node_capabilities)},
    {"instance", &instance_type, sizeof(struct instance)},
    {"launcher_state", &launcher_state_type, sizeof(struct launcher_state)},
    {"launcher_desired", &launcher_desired_type, sizeof(struct launcher_desired)},
    {"launcher_redirect", &launcher_redirect_type, sizeof(struct launcher_redirect)},
};

/* Folders under test/golden/api with in.yaml { type, object } and want.json. VMB_GOLDEN_WRITE=1 writes want.json anew. */
static const char *const golden[] = {"machine",      "instance", "replicaset", "configuration", "capabilities",
                                     "pod-instance", "report",   "wish",       "redirect",      "loose"};

static char *
read_golden(const char *name, const char *file)
{
    const char *here = getenv("VMB_TEST_DIR");
    AUTO(freep) char *path = xasprintf("%s/../golden/api/%s/%s", here ? here : ".", name, file);
    AUTO(fclosep) FILE *f = fopen(path, "re");
    char *text = xcalloc(1, FILE_MAX);

    ck_assert_msg(f && fread(text, 1, FILE_MAX - 1, f) > 0, "cannot read %s", path);
    return text;
}

static json_t *
yaml_of(const char *text, struct arena *a)
{
    json_t *docs = NULL;
    struct err *e = yaml_parse(text, strlen(text), FILE_MAX, &docs);

    ck_assert_msg(!e, "%s: %s", text, e ? err_text(e) : "");
    json_t *j = json_in_arena(a, json_incref(json_array_get(docs, 0)));
    json_decref(docs);
    return j;
}

static size_t
type_index(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (str_eq(types[i].name, name)) {
            return i;
        }
    }
    ck_abort_msg("no type %s", name);
    return 0;
}

/* The object of a golden case after a round trip; its type's place in types[]. */
static json_t *
round_trip(const char *name, struct arena *a, size_t *ret_type)
{
    AUTO(freep) char *in = read_golden(name, "in.yaml");
    json_t *doc = yaml_of(in, a);
    size_t t = type_index(json_str(doc, "type"));
    void *s = arena_alloc(a, 1, types[t].size);
    struct err *e = api_decode(types[t].type, json_object_get(doc, "object"), a, s);

    ck_assert_msg(!e, "%s: %s", name, e ? err_text(e) : "");
    *ret_type = t;
    return json_in_arena(a, api_encode(types[t].type, s));
}

static void
write_golden(const char *name, const json_t *j)
{
    AUTO(freep) char *path = xasprintf("%s/../golden/api/%s/want.json", getenv("VMB_TEST_DIR"), name);
    AUTO(fclosep) FILE *f = fopen(path, "we");

    ck_assert(f && json_dumpf(j, f, JSON_INDENT(2)) == 0 && fputc('\n', f) == '\n');
}

START_TEST(what_is_decoded_is_encoded)
{
    struct arena *a = arena_new(1 << 22);
    size_t t;
    json_t *got = round_trip(golden[_i], a, &t);

    if (getenv("VMB_GOLDEN_WRITE")) {
        write_golden(golden[_i], got);
    }
    AUTO(freep) char *text = read_golden(golden[_i], "want.json");
    json_t *want = json_in_arena(a, json_loads(text, 0, NULL));
    ck_assert_msg(json_equal(got, want), "%s: got %s", golden[_i], json_text(got, a));
    void *again = arena_alloc(a, 1, types[t].size);
    struct err *e = api_decode(types[t].type, got, a, again);
    ck_assert_msg(!e, "%s: the result does not decode: %s", golden[_i], e ? err_text(e) : "");
    ck_assert(json_equal(json_in_arena(a, api_encode(types[t].type, again)), got));
    arena_free(a);
}
END_TEST

// NOLINTBEGIN(misc-no-recursion): as deep as the path is long
/* Whether a path such as "spec.volumes[].name" leads to a value. */
static bool
leads_to(const json_t *j, const char *path)
{
    while (j && *path) {
        size_t len = strcspn(path, ".[");
        j = len > 0 ? json_object_getn(j, path, len) : j;
        path += len;
        if (*path == '[') {
            path += strlen("[]");
            path += *path == '.';
            for (size_t i = 0; i < json_array_size(j); i++) {
                if (leads_to(json_array_get(j, i), path)) {
                    return true;
                }
            }
            return false;
        }
        path += *path == '.';
    }
    return j != NULL;
}

// NOLINTEND(misc-no-recursion)

struct cover {
    json_t *objects[ARRAY_LEN(golden)];
    size_t types[ARRAY_LEN(golden)];
    size_t type;
    size_t rows;
    size_t missing;
};

static void
check_row(void *arg, const char *path, const char *kind)
{
    struct cover *c = arg;
    bool found = false;

    for (size_t i = 0; i < ARRAY_LEN(golden); i++) {
        found = found || (c->types[i] == c->type && leads_to(c->objects[i], path));
    }
    if (!found) {
        fprintf(stderr, "%s: no golden case has %s (%s)\n", types[c->type].name, path, kind);
        c->missing++;
    }
    c->rows++;
}

START_TEST(every_row_has_a_golden_case)
{
    struct arena *a = arena_new(1 << 22);
    struct cover c = {0};

    for (size_t i = 0; i < ARRAY_LEN(golden); i++) {
        c.objects[i] = round_trip(golden[i], a, &c.types[i]);
    }
    for (c.type = 0; c.type < ARRAY_LEN(types); c.type++) {
        api_each_field(types[c.type].type, check_row, &c);
    }
    ck_assert_uint_eq(c.missing, 0);
    ck_assert_uint_gt(c.rows, 300);
    ck_assert(!leads_to(c.objects[0], "spec.nonsense"));
    arena_free(a);
}
END_TEST

static const struct {
    const char *type, *object, *want; /* NULL: accepted */
} wrong[] = {
    {"vm", "[]", "object: must be an object"},
    {"vm", "{}", "spec: is required"},
    {"vm", "{spec: {}}", "spec.template: is required"},
    {"vm", "{spec: {template: {spec: {domain: {}}}}}", "spec.template.spec.domain.devices: is required"},
    {"vm", "{spec: {template: {spec: {domain: {devices: {}, cpu: {cores: two}}}}}}",
     "spec.template.spec.domain.cpu.cores: must be a whole number"},
    {"vm", "{spec: {template: {spec: {domain: {devices: {}, cpu: {cores: 1.5}}}}}}", "cpu.cores: must be a whole number"},
    {"vm", "{spec: {template: {spec: {domain: {devices: {}, cpu: {cores: 513}}}}}}",
     "cpu.cores: must be in range 0 to 512"},
    {"vm", "{spec: {running: 1, template: {spec: {domain: {devices: {}}}}}}", "spec.running: must be true or false"},
    {"vm", "{spec: {runStrategy: Never, template: {spec: {domain: {devices: {}}}}}}",
     "spec.runStrategy: has invalid value \"Never\"; it must be one of: Always, Halted, Manual, RerunOnFailure, Once, "
     "WaitAsReceiver"},
    {"vm", "{spec: {runStrategy: null, template: {spec: {domain: {devices: {}}}}}}", NULL},
    {"vm", "{metadata: {creationTimestamp: soon}, spec: {template: {spec: {domain: {devices: {}}}}}}",
     "metadata.creationTimestamp: must be a time such as"},
    {"vm", "{metadata: {labels: []}, spec: {template: {spec: {domain: {devices: {}}}}}}",
     "metadata.labels: must be an object of strings"},
    {"vm", "{metadata: {labels: {a: true}}, spec: {template: {spec: {domain: {devices: {}}}}}}",
     "metadata.labels.a: must be a string"},
    {"vm", "{metadata: {finalizers: [1]}, spec: {template: {spec: {domain: {devices: {}}}}}}",
     "metadata.finalizers[0]: must be a string"},
    {"vmi", "{spec: {domain: {devices: {disks: [{name: a}, {}]}}}}", "spec.domain.devices.disks[1].name: is required"},
    {"vmi", "{spec: {domain: {devices: {disks: {}}}}}", "spec.domain.devices.disks: must be a list"},
    {"vmi", "{spec: {domain: {devices: {disks: [a]}}}}", "spec.domain.devices.disks[0]: must be an object"},
    {"vmi", "{spec: {domain: {devices: {rng: 1}}}}", "spec.domain.devices.rng: must be an object"},
    {"vmi", "{spec: {domain: {devices: {}, features: {acpi: true}}}}", "spec.domain.features.acpi: must be an object"},
    {"vmi", "{spec: {domain: {devices: {}, features: {acpi: {enabled: 1}}}}}",
     "spec.domain.features.acpi: enabled must be true or false"},
    {"vmi", "{spec: {domain: {devices: {}, memory: {guest: 1Gib}}}}",
     "spec.domain.memory.guest: \"1Gib\" is no quantity"},
    {"vmi", "{spec: {domain: {devices: {}, memory: {guest: {}}}}}", "spec.domain.memory.guest: must be a quantity"},
    {"vmi", "{spec: {domain: {devices: {}, memory: {hugepages: {pageSize: 2Q}}}}}",
     "spec.domain.memory.hugepages.pageSize: \"2Q\" is no quantity"},
    {"vmi", "{spec: {domain: {devices: {}}, tolerations: {}}}", "spec.tolerations: must be a list"},
    {"vmi", "{spec: {domain: {devices: {}}, affinity: []}}", "spec.affinity: must be an object"},
    {"vmi", "{spec: {domain: {devices: {interfaces: [{name: a, ports: [{port: 70000}]}]}}}}",
     "spec.domain.devices.interfaces[0].ports[0].port: must be in range 1 to 65535"},
    {"vmi", "{spec: {domain: {devices: {}}, volumes: [{name: a, emptyDisk: {}}]}}",
     "spec.volumes[0].emptyDisk.capacity: is required"},
    {"instance", "{version: 1, namespace: a, name: b, uid: c, spec: {domain: {devices: {}}}}", NULL},
    {"instance", "{version: 1, namespace: a, name: b, uid: c}", "spec: is required"},
    {"launcher_state", "{version: 1, seq: 1, state: flying}", "state: has invalid value \"flying\""},
    {"launcher_state", "{version: 1, seq: 1, state: running, reason: 5}", "reason: must be a string"},
    {"kubevirt", "{}", NULL},
    {"kubevirt", "{spec: {configuration: {developerConfiguration: {logVerbosity: {virtLauncher: 10}}}}}",
     "spec.configuration.developerConfiguration.logVerbosity.virtLauncher: must be in range 0 to 9"},
};

START_TEST(wrong_input_names_its_path)
{
    struct arena *a = arena_new(1 << 20);
    size_t t = type_index(wrong[_i].type);
    struct err *e = api_decode(types[t].type, yaml_of(wrong[_i].object, a), a, arena_alloc(a, 1, types[t].size));

    if (!wrong[_i].want) {
        ck_assert_msg(!e, "%s: %s", wrong[_i].object, e ? err_text(e) : "");
    } else {
        ck_assert_msg(e && strstr(err_text(e), wrong[_i].want), "%s: wanted \"%s\", got: %s", wrong[_i].object,
                      wrong[_i].want, e ? err_text(e) : "accepted");
        ck_assert_int_eq(err_class(e), ERR_INVALID);
    }
    err_free(e);
    arena_free(a);
}
END_TEST

START_TEST(lists_and_texts_have_caps)
{
    struct arena *a = arena_new(1 << 22);
    struct vmi vmi;
    json_t *j = yaml_of("{spec: {domain: {devices: {}}, volumes: []}}", a);
    json_t *volumes = json_at(j, "spec", "volumes", NULL);

    for (int i = 0; i < 256; i++) {
        json_array_append_new(volumes, json_pack("{s:s}", "name", "a"));
    }
    AUTO(err_freep) struct err *e = api_decode(&vmi_type, j, a, &vmi);
    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    json_array_append_new(volumes, json_pack("{s:s}", "name", "a"));
    AUTO(err_freep) struct err *many = api_decode(&vmi_type, j, a, &vmi);
    ck_assert_str_eq(err_text(many), "spec.volumes: must have at most 256 items");
    char name[300] = {0};
    memset(name, 'n', sizeof(name) - 1);
    json_array_clear(volumes);
    json_array_append_new(volumes, json_pack("{s:s}", "name", name));
    AUTO(err_freep) struct err *lengthy = api_decode(&vmi_type, j, a, &vmi);
    ck_assert_str_eq(err_text(lengthy), "spec.volumes[0].name: must be at most 253 characters long");
    json_object_set_new(json_array_get(volumes, 0), "name", json_stringn("a\0b", 3));
    AUTO(err_freep) struct err *nul = api_decode(&vmi_type, j, a, &vmi);
    ck_assert_str_eq(err_text(nul), "spec.volumes[0].name: must not contain NUL");
    arena_free(a);
}
END_TEST

static const struct {
    const char *from, *to, *want; /* "path current -> desired class; ..." */
} diffs[] = {
    {"{runStrategy: Always}", "{runStrategy: Always}", ""},
    {"{runStrategy: Always}", "{runStrategy: Halted}", "runStrategy \"Always\" -> \"Halted\" live; "},
    {"{template: {spec: {domain: {memory: {guest: 1Gi}}}}}", "{template: {spec: {domain: {memory: {guest: 1024Mi}}}}}",
     ""},
    {"{template: {spec: {domain: {memory: {guest: 1Gi}}}}}",
     "{template: {spec: {domain: {memory: {guest: 1073741824}}}}}", ""},
    {"{template: {spec: {domain: {memory: {guest: 1Gi}}}}}", "{template: {spec: {domain: {memory: {guest: 2Gi}}}}}",
     "template.spec.domain.memory.guest \"1Gi\" -> \"2Gi\" restart; "},
    {"{template: {spec: {domain: {}}}}", "{template: {spec: {domain: {cpu: {cores: 2}}}}}",
     "template.spec.domain.cpu.cores - -> 2 restart; "},
    {"{template: {spec: {domain: {devices: {disks: [{name: a}, {name: b, serial: x}]}}}}}",
     "{template: {spec: {domain: {devices: {disks: [{name: b, serial: y}, {name: a}]}}}}}",
     "template.spec.domain.devices.disks[b].serial \"x\" -> \"y\" restart; "
     "template.spec.domain.devices.disks [\"a\",\"b\"] -> [\"b\",\"a\"] restart; "},
    {"{template: {spec: {domain: {devices: {disks: [{name: a}, {name: b}]}}}}}",
     "{template: {spec: {domain: {devices: {disks: [{name: c}, {name: a}, {name: b}]}}}}}",
     "template.spec.domain.devices.disks[c] - -> {\"name\":\"c\"} restart; "},
    {"{template: {spec: {volumes: [{name: a}, {name: b}]}}}", "{template: {spec: {volumes: [{name: b}, {name: a}]}}}",
     ""},
    {"{template: {spec: {domain: {devices: {disks: [{name: a}]}}}}}",
     "{template: {spec: {domain: {devices: {disks: [{name: b}]}}}}}",
     "template.spec.domain.devices.disks[a] {\"name\":\"a\"} -> - restart; "
     "template.spec.domain.devices.disks[b] - -> {\"name\":\"b\"} restart; "},
    {"{template: {spec: {domain: {devices: {interfaces: [{name: n, ports: [{port: 80}]}]}}}}}",
     "{template: {spec: {domain: {devices: {interfaces: [{name: n, ports: [{port: 81}]}]}}}}}",
     "template.spec.domain.devices.interfaces[n].ports [{\"port\":80}] -> [{\"port\":81}] live; "},
    {"{template: {spec: {domain: {machine: {type: q35}}}}}",
     "{template: {spec: {domain: {machine: {type: pc-q35-9.2}}}}}",
     "template.spec.domain.machine.type \"q35\" -> \"pc-q35-9.2\" recreate; "},
    {"{template: {spec: {domain: {devices: {tpm: {}}}}}}", "{template: {spec: {domain: {devices: {}}}}}",
     "template.spec.domain.devices.tpm {} -> - restart; "},
    {"{template: {spec: {volumes: [{name: a, memoryDump: {claimName: x}}]}}}",
     "{template: {spec: {volumes: [{name: a, memoryDump: {claimName: y}}]}}}",
     "template.spec.volumes[a].memoryDump {\"claimName\":\"x\"} -> {\"claimName\":\"y\"} restart; "},
    {"{template: {spec: {domain: {firmware: {bootloader: {bios: {}}}}}}}",
     "{template: {spec: {domain: {firmware: {bootloader: {efi: {}}}}}}}",
     "template.spec.domain.firmware.bootloader.bios {} -> - restart; template.spec.domain.firmware.bootloader.efi - -> "
     "{} restart; "},
    {"{template: {metadata: {labels: {a: b}}}}", "{template: {metadata: {labels: {a: c}}}}",
     "template.metadata.labels {\"a\":\"b\"} -> {\"a\":\"c\"} restart; "},
};

START_TEST(differences_name_their_path)
{
    struct arena *a = arena_new(1 << 20);
    struct change_list l;
    AUTO(strbuf_fini) struct strbuf got = STRBUF_INIT(1 << 16);
    json_t *from = json_in_arena(a, json_pack("{s:O}", "spec", yaml_of(diffs[_i].from, a)));
    json_t *to = json_in_arena(a, json_pack("{s:O}", "spec", yaml_of(diffs[_i].to, a)));

    api_diff(&vm_type, from, to, a, &l);
    for (size_t i = 0; i < l.n; i++) {
        const struct change *c = &l.items[i];
        strbuf_addf(&got, "%s %s -> %s %s; ", c->path + strlen("spec."), c->current ? c->current : "-",
                    c->desired ? c->desired : "-", change_class_name(c->takes_effect));
    }
    ck_assert_str_eq(strbuf_str(&got), diffs[_i].want);
    arena_free(a);
}
END_TEST

/* 'now' -> 'wish' gives 'live': what takes effect at once. */
static const struct {
    const char *now, *wish, *live;
} lives[] = {
    {"{domain: {memory: {guest: 1Gi}}}", "{domain: {memory: {guest: 2Gi}}}", "{domain: {memory: {guest: 1Gi}}}"},
    {"{domain: {devices: {interfaces: [{name: a, state: up}, {name: b}]}}}",
     "{domain: {devices: {interfaces: [{name: b, state: down}, {name: a, model: e1000}]}}}",
     "{domain: {devices: {interfaces: [{name: a}, {name: b, state: down}]}}}"},
    {"{domain: {devices: {interfaces: [{name: a}]}}}", "{domain: {devices: {interfaces: [{name: a, state: absent}]}}}",
     "{domain: {devices: {interfaces: [{name: a}]}}}"},
    {"{domain: {devices: {interfaces: [{name: a, state: absent}]}}}", "{domain: {devices: {interfaces: [{name: a}]}}}",
     "{domain: {devices: {interfaces: [{name: a, state: absent}]}}}"},
    {"{domain: {devices: {interfaces: [{name: a, ports: [{port: 80}]}]}}}",
     "{domain: {devices: {interfaces: [{name: a, ports: [{port: 81}, {port: 82}]}]}}}",
     "{domain: {devices: {interfaces: [{name: a, ports: [{port: 81}, {port: 82}]}]}}}"},
    {"{domain: {devices: {interfaces: [{name: a}]}}}", "{domain: {devices: {interfaces: [{name: c, state: down}]}}}",
     "{domain: {devices: {interfaces: [{name: a}]}}}"},
    {"{domain: {devices: {disks: [{name: c, cdrom: {bus: sata}}]}}}",
     "{domain: {devices: {disks: [{name: c, cdrom: {bus: scsi, tray: open}}]}}}",
     "{domain: {devices: {disks: [{name: c, cdrom: {bus: sata, tray: open}}]}}}"},
    {"{domain: {devices: {disks: [{name: c, disk: {bus: sata}}]}}}",
     "{domain: {devices: {disks: [{name: c, cdrom: {tray: open}}]}}}",
     "{domain: {devices: {disks: [{name: c, disk: {bus: sata}}]}}}"},
    {"{evictionStrategy: None}", "{domain: {}}", "{}"},
    {"{domain: null}", "{evictionStrategy: None, domain: {}}", "{domain: null, evictionStrategy: None}"},
};

START_TEST(what_takes_effect_at_once_is_taken_over)
{
    struct arena *a = arena_new(1 << 20);
    const json_t *now = yaml_of(lives[_i].now, a), *wish = yaml_of(lives[_i].wish, a),
                 *want = yaml_of(lives[_i].live, a);
    AUTO(freep) char *before = json_compact(now);
    const json_t *live = api_take_live(&vmi_spec_type, now, wish, a);
    AUTO(freep) char *after = json_compact(now);

    ck_assert_msg(json_equal(live, want), "%s", json_text(live, a));
    ck_assert_str_eq(before, after);
    arena_free(a);
}
END_TEST

START_TEST(differences_are_capped)
{
    struct arena *a = arena_new(1 << 20);
    struct change_list l;
    json_t *from = json_in_arena(a, json_object());

    for (int i = 0; i < 100; i++) {
        char key[16];
        snprintf(key, sizeof(key), "k%d", i);
        json_object_set_new(from, key, json_true());
    }
    api_diff(&vm_type, from, NULL, a, &l);
    ck_assert_uint_eq(l.n, API_CHANGES_MAX);
    ck_assert(l.cut);
    arena_free(a);
}
END_TEST

// NOLINTBEGIN(misc-no-recursion): as deep as the schema nests
static void
count_key(const json_t *j, const char *key, size_t *n)
{
    const char *k;
    json_t *value;
    size_t i;

    json_object_foreach((json_t *)(uintptr_t)j, k, value) {
        *n += str_eq(k, key) && json_is_string(value);
        count_key(value, key, n);
    }
    json_array_foreach((json_t *)(uintptr_t)j, i, value) {
        count_key(value, key, n);
    }
}

// NOLINTEND(misc-no-recursion)

START_TEST(a_schema_is_light_and_has_no_defaults)
{
    struct arena *a = arena_new(1 << 22);

    for (size_t i = 0; i < 3; i++) {
        json_t *s = json_in_arena(a, api_schema(types[i].type, false));
        size_t defaults = 0, texts = 0;
        count_key(s, "default", &defaults);
        count_key(s, "description", &texts);
        ck_assert_uint_eq(defaults + texts, 0);
        /* kubectl apply keeps a whole definition in an annotation: 256 KiB, of two versions. */
        ck_assert_uint_lt(strlen(json_text(s, a)), 60000);
        const json_t *status = json_at(s, "properties", "status", NULL);
        ck_assert_str_eq(json_str(status, "x-kubernetes-map-type"), "atomic");
        ck_assert_str_eq(json_str(json_at(status, "properties", "conditions", NULL), "type"), "array");
        ck_assert(!json_at(status, "properties", "conditions", "items", "properties", NULL)); /* an outline */
    }
    arena_free(a);
}
END_TEST

/* Where KubeVirt's own definitions keep what they do not know, and one list whose items are not built. */
static bool
may_keep_unknown(const char *path)
{
    return strstr(path, ".metadata.ownerReferences[]") || strstr(path, ".metadata.managedFields[]") ||
           strstr(path, ".portRanges[]") || strstr(path, "status.") == path;
}

// NOLINTBEGIN(misc-no-recursion): as deep as the schema nests
static size_t
check_names_all(const json_t *schema, const char *path)
{
    size_t fields = 1;
    const char *key;
    json_t *value;

    bool keeps = json_object_get(schema, "x-kubernetes-preserve-unknown-fields");
    ck_assert_msg(!keeps || may_keep_unknown(path), "%s keeps fields that it does not name", path);
    json_object_foreach(json_object_get(schema, "properties"), key, value) {
        AUTO(freep) char *below = xasprintf("%s%s%s", path, *path ? "." : "", key);
        fields += check_names_all(value, below);
    }
    const json_t *items = json_object_get(schema, "items");
    if (items) {
        AUTO(freep) char *below = xasprintf("%s[]", path);
        fields += check_names_all(items, below);
    }
    return fields;
}

// NOLINTEND(misc-no-recursion)

START_TEST(a_schema_names_every_field)
{
    struct arena *a = arena_new(1 << 22);

    ck_assert_uint_gt(check_names_all(json_in_arena(a, api_schema(&vm_type, false)), ""), 500);
    ck_assert_uint_gt(check_names_all(json_in_arena(a, api_schema(&vmi_type, false)), ""), 400);
    arena_free(a);
}
END_TEST

/* Generators write null for a time, and templates nothing behind a key. */
START_TEST(metadata_of_a_template_may_be_null)
{
    struct arena *a = arena_new(1 << 22);
    const json_t *meta = json_at(json_in_arena(a, api_schema(&vm_type, false)), "properties", "spec", "properties",
                                 "template", "properties", "metadata", NULL);

    ck_assert(json_is_true(json_object_get(meta, "nullable")));
    ck_assert(json_is_true(json_at(meta, "properties", "creationTimestamp", "nullable", NULL)));
    ck_assert(json_is_true(json_at(meta, "properties", "labels", "nullable", NULL)));
    ck_assert(!json_object_get(meta, "x-kubernetes-preserve-unknown-fields"));
    arena_free(a);
}
END_TEST

/* A machine's spec is merged field by field, by whoever has a say in it; what only the controller writes is one field. */
START_TEST(what_one_writer_owns_is_taken_whole)
{
    struct arena *a = arena_new(1 << 22);
    const json_t *vm = json_at(json_in_arena(a, api_schema(&vm_type, false)), "properties", "spec", NULL);
    const json_t *vmi = json_at(json_in_arena(a, api_schema(&vmi_type, false)), "properties", "spec", NULL);
    const json_t *spec = json_at(vm, "properties", "template", "properties", "spec", NULL);

    ck_assert(!json_object_get(vm, "x-kubernetes-map-type"));
    ck_assert(!json_object_get(spec, "x-kubernetes-map-type"));
    ck_assert(json_at(spec, "properties", "volumes", "x-kubernetes-list-map-keys", NULL));
    ck_assert_str_eq(json_str(vmi, "x-kubernetes-map-type"), "atomic");
    ck_assert(json_at(vmi, "properties", "volumes", "items", NULL));
    ck_assert(!json_at(vmi, "properties", "volumes", "x-kubernetes-list-map-keys", NULL));
    arena_free(a);
}
END_TEST

/* Whoever may write a status may write nonsense below its outline: it must not keep a machine from being looked after. */
START_TEST(a_damaged_status_is_read_as_far_as_it_goes)
{
    struct arena *a = arena_new(1 << 20);
    struct vm vm;
    json_t *j = json_in_arena(
        a, json_loads("{\"metadata\":{\"name\":\"m\"},\"spec\":{\"template\":{\"spec\":{\"domain\":{\"devices\":{}}}}},"
                      "\"status\":{"
                      "\"conditions\":[{\"type\":5}],"
                      "\"startFailure\":{\"consecutiveFailCount\":\"many\"},\"bridge\":[],\"created\":true,"
                      "\"printableStatus\":\"Running\"}}",
                      0, NULL));

    struct err *e = api_decode(&vm_type, j, a, &vm);
    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    ck_assert_uint_eq(vm.status.conditions.n, 0);
    ck_assert_ptr_null(vm.status.start_failure);
    ck_assert_str_eq(vm.status.printable_status, "Running");
    ck_assert_int_eq(vm.status.created, TRI_TRUE);
    arena_free(a);
}
END_TEST

START_TEST(the_reference_knows_every_kind)
{
    AUTO(strbuf_fini) struct strbuf page = STRBUF_INIT(1 << 20);
    AUTO(strbuf_fini) struct strbuf small = STRBUF_INIT(100);

    ck_assert(api_reference(&vm_type, "", &page));
    ck_assert(
        strstr(page.buf, "| `spec.runStrategy` | enum | live | When an instance is to run. One of `Always`, `Halted`"));
    ck_assert(strstr(page.buf, "`spec.template.spec.volumes[].name` (required)"));
    ck_assert(!api_reference(&vm_type, "", &small));
}
END_TEST

START_TEST(a_strategy_is_halted_unless_said)
{
    ck_assert_int_eq(vm_run_strategy(&(struct vm_spec){0}), RUN_HALTED);
    ck_assert_int_eq(vm_run_strategy(&(struct vm_spec){.running = TRI_FALSE}), RUN_HALTED);
    ck_assert_int_eq(vm_run_strategy(&(struct vm_spec){.running = TRI_TRUE}), RUN_ALWAYS);
    ck_assert_int_eq(vm_run_strategy(&(struct vm_spec){.run_strategy = RUN_ONCE}), RUN_ONCE);
    ck_assert_str_eq(enum_name(run_strategy_names, RUN_ONCE), "Once");
    ck_assert_ptr_null(enum_name(run_strategy_names, RUN_UNSET));
}
END_TEST

START_TEST(a_condition_keeps_its_time_while_its_status_stands)
{
    struct arena *a = arena_new(1 << 16);
    struct condition_list first = {0}, second = {0};

    condition_set(a, &first, NULL, &(struct condition){.type = "Ready", .status = "False", .reason = "A"}, 1000);
    condition_set(a, &first, NULL, &(struct condition){.type = "Paused", .status = "True"}, 1000);
    ck_assert_uint_eq(first.n, 2);
    ck_assert_str_eq(condition_find(&first, "Ready")->last_transition_time, "1970-01-01T00:16:40Z");
    ck_assert_str_eq(condition_find(&first, "Ready")->message, "");
    condition_set(a, &second, &first, &(struct condition){.type = "Ready", .status = "False", .reason = "B"}, 2000);
    ck_assert_str_eq(condition_find(&second, "Ready")->last_transition_time, "1970-01-01T00:16:40Z");
    ck_assert_str_eq(condition_find(&second, "Ready")->reason, "B");
    condition_set(a, &second, &first, &(struct condition){.type = "Ready", .status = "True"}, 3000);
    ck_assert_uint_eq(second.n, 1);
    ck_assert_str_eq(condition_find(&second, "Ready")->last_transition_time, "1970-01-01T00:50:00Z");
    ck_assert(condition_is(&second, "Ready", "True") && !condition_is(&second, "Paused", "True"));
    arena_free(a);
}
END_TEST

START_TEST(metadata_is_asked_by_key)
{
    struct owner owners[] = {
        {.kind = "A"}, {.kind = "B", .controller = TRI_FALSE}, {.kind = "C", .controller = TRI_TRUE}};
    struct str_pair pairs[] = {{"a", "1"}, {"b", "2"}};
    const struct str_map m = {.items = pairs, .n = 2};
    const struct meta meta = {.owners = {.items = owners, .n = 3}};

    ck_assert_str_eq(str_map_get(&m, "b"), "2");
    ck_assert_ptr_null(str_map_get(&m, "c"));
    ck_assert_str_eq(meta_controller(&meta)->kind, "C");
    ck_assert_ptr_null(meta_controller(&(struct meta){0}));
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("api");
    TCase *t = tcase_create("tables");

    tcase_add_loop_test(t, what_is_decoded_is_encoded, 0, (int)ARRAY_LEN(golden));
    tcase_add_test(t, every_row_has_a_golden_case);
    tcase_add_loop_test(t, wrong_input_names_its_path, 0, (int)ARRAY_LEN(wrong));
    tcase_add_test(t, lists_and_texts_have_caps);
    tcase_add_loop_test(t, differences_name_their_path, 0, (int)ARRAY_LEN(diffs));
    tcase_add_test(t, differences_are_capped);
    tcase_add_loop_test(t, what_takes_effect_at_once_is_taken_over, 0, (int)ARRAY_LEN(lives));
    tcase_add_test(t, a_schema_is_light_and_has_no_defaults);
    tcase_add_test(t, a_schema_names_every_field);
    tcase_add_test(t, metadata_of_a_template_may_be_null);
    tcase_add_test(t, what_one_writer_owns_is_taken_whole);
    tcase_add_test(t, a_damaged_status_is_read_as_far_as_it_goes);
    tcase_add_test(t, the_reference_knows_every_kind);
    tcase_add_test(t, a_strategy_is_halted_unless_said);
    tcase_add_test(t, a_condition_keeps_its_time_while_its_status_stands);
    tcase_add_test(t, metadata_is_asked_by_key);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
