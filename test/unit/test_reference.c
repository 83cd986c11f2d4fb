// The reference page against the tables: each line says of its field what the schema says, and what the code takes and gives.
#include "api/kinds/kubevirt.h"
#include "api/kinds/vm.h"
#include "base/yaml.h"

#include <check.h>

enum { FILE_MAX = 1 << 20 };

/* A section of the page, and the golden object that has a value in each field which code knows. */
static const struct {
    const char *head, *golden;
    const struct type *type;
    size_t size;
} kinds[] = {
    {"## VirtualMachine\n", "machine", &vm_type, sizeof(struct vm)},
    {"## VirtualMachineInstance\n", "instance", &vmi_type, sizeof(struct vmi)},
    {"## KubeVirt\n", "configuration", &kubevirt_type, sizeof(struct kubevirt)},
};

static char *
read_file(const char *file)
{
    const char *here = getenv("VMB_TEST_DIR");
    AUTO(freep) char *path = xasprintf("%s/../%s", here ? here : ".", file);
    AUTO(fclosep) FILE *f = fopen(path, "re");
    char *text = xcalloc(1, FILE_MAX);

    ck_assert_msg(f && fread(text, 1, FILE_MAX - 1, f) > 0, "cannot read %s", path);
    return text;
}

/* The golden object of a kind, after the code has taken and given it. */
static const json_t *
object_of(size_t kind, struct arena *a)
{
    AUTO(freep) char *file = xasprintf("golden/api/%s/in.yaml", kinds[kind].golden);
    AUTO(freep) char *text = read_file(file);
    void *s = arena_alloc(a, 1, kinds[kind].size);
    json_t *docs = NULL;
    struct err *e = yaml_parse(text, strlen(text), FILE_MAX, &docs);

    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    json_in_arena(a, docs);
    e = api_decode(kinds[kind].type, json_object_get(json_array_get(docs, 0), "object"), a, s);
    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    return json_in_arena(a, api_encode(kinds[kind].type, s));
}

// NOLINTBEGIN(misc-no-recursion): as deep as the path is long
/* First value at a path such as "spec.volumes[].name", or NULL. */
static const json_t *
value_at(const json_t *j, const char *path)
{
    while (j && *path) {
        size_t len = strcspn(path, ".[");
        j = len > 0 ? json_object_getn(j, path, len) : j;
        path += len;
        if (str_starts(path, "[].")) {
            const json_t *found = NULL;
            for (size_t i = 0; i < json_array_size(j) && !found; i++) {
                found = value_at(json_array_get(j, i), path + strlen("[]."));
            }
            return found;
        }
        path += str_starts(path, "[]") ? strlen("[]") : 0;
        path += *path == '.';
    }
    return j;
}

// NOLINTEND(misc-no-recursion)

/* The schema of what stands at a path; NULL where it is only outlined. */
static const json_t *
schema_at(const json_t *j, const char *path)
{
    while (j && *path) {
        size_t len = strcspn(path, ".[");
        j = json_object_getn(json_object_get(j, "properties"), path, len);
        path += len;
        if (*path == '[') {
            path += strlen("[]");
            j = *path ? json_object_get(j, "items") : j;
        }
        path += *path == '.';
    }
    return j;
}

/* What each type of the reference page is in JSON, and in a schema. */
static const struct page_type {
    const char *page, *schema;
    bool text, number, flag, object, array;
} page_types[] = {
    {"string", "string", .text = true},
    {"enum", "string", .text = true},
    {"time", "string", .text = true},
    {"integer", "integer", .number = true},
    {"boolean", "boolean", .flag = true},
    {"quantity", NULL, .text = true, .number = true},
    {"number or name", NULL, .text = true, .number = true},
    {"object", "object", .object = true},
    {"switch", "object", .object = true},
    {"map of strings", "object", .object = true},
    {"map of quantities", "object", .object = true},
    {"list", "array", .array = true},
    {"list of strings", "array", .array = true},
};

static void
check_row(const char *path, const char *page_type, const json_t *schema, const json_t *value)
{
    const struct page_type *t = NULL;

    for (size_t i = 0; i < ARRAY_LEN(page_types) && !t; i++) {
        t = str_eq(page_types[i].page, page_type) ? &page_types[i] : NULL;
    }
    ck_assert_msg(t, "%s: the page has the type %s", path, page_type);
    bool fits = (t->text && json_is_string(value)) || (t->number && json_is_integer(value)) ||
                (t->flag && json_is_boolean(value)) || (t->object && json_is_object(value)) ||
                (t->array && json_is_array(value));
    ck_assert_msg(!value || fits, "%s: the page says %s, the code takes another type", path, page_type);
    if (!schema) {
        return;
    }
    const char *type = json_str(schema, "type");
    bool is_quantity = json_bool(schema, "x-kubernetes-int-or-string", false);
    ck_assert_msg(t->schema ? str_eq(t->schema, type) : is_quantity, "%s: the page says %s, the schema %s", path,
                  page_type, type ? type : "quantity");
    const json_t *values = json_object_get(schema, "additionalProperties");
    if (values && str_starts(page_type, "map of")) {
        ck_assert_int_eq(str_eq(page_type, "map of quantities"), json_bool(values, "x-kubernetes-int-or-string", false));
    }
}

struct page {
    struct arena *arena;
    const json_t *object; /* of the section at hand; NULL: none that is about a kind */
    const json_t *schema;
    size_t rows;
};

static void
begin_section(struct page *p, const char *line)
{
    p->object = NULL;
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (str_starts(line, kinds[i].head)) {
            p->object = object_of(i, p->arena);
            p->schema = json_in_arena(p->arena, api_schema(kinds[i].type, false));
        }
    }
}

static void
check_line(struct page *p, const char *line)
{
    char path[256], type[64];

    if (!p->object || sscanf(line, "| `%255[^`]`%*[^|]| %63[^|]", path, type) != 2 || strchr(path, '*')) {
        return;
    }
    type[strlen(type) - 1] = '\0'; /* a blank */
    check_row(path, type, schema_at(p->schema, path), value_at(p->object, path));
    p->rows++;
}

START_TEST(page_and_schema_and_code_agree)
{
    struct page p = {.arena = arena_new(1 << 22)};
    AUTO(freep) char *text = read_file("../docs/api-reference.md");

    for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        if (*line == '#') {
            begin_section(&p, line);
        }
        check_line(&p, line);
    }
    ck_assert_uint_gt(p.rows, 250);
    arena_free(p.arena);
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("reference");
    TCase *t = tcase_create("page");

    tcase_add_test(t, page_and_schema_and_code_agree);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed == 0 ? 0 : 1;
}
