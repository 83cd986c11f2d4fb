// Each field of the API is read, refused, told or harmless, and what is set is told or refused by its path.
#include "../integration/crds/cases.h"
#include "api/kinds/vm.h"
#include "api/rules/repairs.h"
#include "api/rules/support.h"
#include "api/rules/validate.h"

#include <check.h>

static json_t *fields;

/* Which rows a path below a VirtualMachine's spec is held against, and its rest. */
static const struct support *
row_of(const char *path)
{
    static const char template[] = "template.spec.";

    return str_starts(path, template) ? support_find(vmi_support, path + strlen(template))
                                      : support_find(vm_support, path);
}

static void
note_member(void *arg, const char *path, const char *kind)
{
    json_array_append_new(arg, json_string(path));
    if (str_eq(kind, "switch")) { /* beside it others may stand that have rows */
        json_array_append_new(arg, json_sprintf("%s.enabled", path));
    }
}

static bool
is_below(const char *path, const char *above)
{
    size_t len = strlen(above);

    return str_starts(path, above) && (path[len] == '.' || path[len] == '[');
}

/* Whether a struct has a member for a field, or for an object above it that is kept as JSON. */
static bool
is_member(const json_t *members, const char *path)
{
    size_t i, k;
    json_t *above, *other;

    json_array_foreach(members, i, above) {
        const char *text = json_string_value(above);
        bool is_whole = is_below(path, text);
        json_array_foreach(members, k, other) {
            is_whole = is_whole && !is_below(json_string_value(other), text);
        }
        if (is_whole || str_eq(path, text)) {
            return true;
        }
    }
    return false;
}

static const char *
class_of(const char *path)
{
    const struct support *row = row_of(path);
    AUTO(freep) char *full = xasprintf("spec.%s", path);
    AUTO(json_freep) json_t *members = json_array();

    api_each_field(&vm_type, note_member, members);
    if (row) {
        return support_class_name(row->class);
    }
    return is_member(members, full) ? "read" : "none";
}

START_TEST(a_field_of_the_api_is_read_or_refused_or_told_or_harmless)
{
    const json_t *field = json_array_get(fields, (size_t)_i);
    const char *path = json_str(field, "path");

    ck_assert_msg(str_eq(class_of(path), json_str(field, "class")), "%s is %s, not %s", path, class_of(path),
                  json_str(field, "class"));
}
END_TEST

static void
check_leaves(const json_t *schema, const char *path, unsigned depth, size_t *n)
{
    const json_t *items = json_object_get(schema, "items");
    const json_t *inside = json_object_get(items ? items : schema, "properties");
    const char *key;
    json_t *value;

    ck_assert_uint_lt(depth, API_DEPTH_MAX);
    if (!inside) {
        *n += 1;
        ck_assert_msg(!str_eq(class_of(path), "none"), "nothing is said of spec.%s", path);
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)inside, key, value) {
        AUTO(freep)
        char *below =
            xasprintf("%s%s%s%s", path, *path ? "." : "", key, json_at(value, "items", "properties", NULL) ? "[]" : "");
        check_leaves(value, below, depth + 1, n);
    }
}

START_TEST(nothing_in_the_schema_is_without_a_class)
{
    AUTO(json_freep) json_t *schema = api_schema(&vm_type, false);
    size_t n = 0;

    check_leaves(json_at(schema, "properties", "spec", NULL), "", 0, &n);
    ck_assert_uint_gt(n, 100);
    ck_assert_str_eq(class_of("template.spec.domain.cpu.nonsense"), "none");
    ck_assert_str_eq(class_of("template.spec.volumes[].nonsense.name"), "none");
}
END_TEST

/* "template.spec.domain.devices.disks[].tag" as it is told of the first item. */
static char *
told_path(const char *path)
{
    const struct support *row = row_of(path);
    bool is_template = str_starts(path, "template.spec.");
    const char *row_path = row ? row->path : path + (is_template ? strlen("template.spec.") : 0);
    const char *list = strstr(row_path, "[].");

    return xasprintf("spec.%s%.*s%s%s", is_template ? "template.spec." : "",
                     (int)(list ? list - row_path : (long)strlen(row_path)), row_path, list ? "[0]." : "",
                     list ? list + strlen("[].") : "");
}

START_TEST(a_field_that_is_set_is_told_or_refused_with_its_path)
{
    const json_t *field = json_array_get(fields, (size_t)_i);
    const char *asks = json_str(field, "asks");
    struct arena *a = arena_new(1 << 20);
    struct vm vm;
    AUTO(err_freep) struct err *e = api_decode(&vm_type, json_object_get(field, "vm"), a, &vm);
    AUTO(freep) char *path = told_path(json_str(field, "path"));
    bool told = false;

    ck_assert_msg(!e, "%s: %s", path, e ? err_text(e) : "");
    const struct repair_list l = vm_spec_repairs(&vm.spec, a);
    for (size_t i = 0; i < l.n; i++) {
        told = told || str_eq(l.items[i].path, path);
    }
    AUTO(err_freep) struct err *bad = vm_spec_validate(&vm.spec, a);
    AUTO(freep) char *refusal = xasprintf("%s is not supported by this version of vmbridge: ", path);
    bool refused = bad && strstr(err_text(bad), refusal);
    ck_assert_msg(str_empty(asks) || told == str_eq(asks, "told"), "%s (%s): %s", path, asks,
                  told ? "told" : "not told");
    ck_assert_msg(str_empty(asks) || refused == str_eq(asks, "refused"), "%s (%s): %s", path, asks,
                  bad ? err_text(bad) : "accepted");
    arena_free(a);
}
END_TEST

/* Each row must have been asked for by some field. */
static size_t
idle_rows(const struct support *rows, bool is_template)
{
    size_t idle = 0;

    for (const struct support *r = rows; r->path; r++) {
        bool found = false;
        for (size_t i = 0; i < json_array_size(fields) && !found; i++) {
            const json_t *field = json_array_get(fields, i);
            const char *path = json_str(field, "path");
            bool is_mine = str_starts(path, "template.spec.") == is_template && !str_empty(json_str(field, "asks"));
            path += is_template && is_mine ? strlen("template.spec.") : 0;
            found = is_mine && str_starts(path, r->path);
        }
        if (!found) {
            fprintf(stderr, "fields.yaml does not ask for %s\n", r->path);
            idle++;
        }
    }
    return idle;
}

START_TEST(every_row_of_support_is_asked_for)
{
    ck_assert_uint_eq(idle_rows(vm_support, false) + idle_rows(vmi_support, true), 0);
}
END_TEST

int
main(void)
{
    const char *here = getenv("VMB_TEST_DIR");
    AUTO(freep) char *folder = xasprintf("%s/../golden/api", here ? here : ".");
    Suite *s = suite_create("support");
    TCase *t = tcase_create("fields");

    fields = fields_load(folder);
    tcase_add_loop_test(t, a_field_of_the_api_is_read_or_refused_or_told_or_harmless, 0, (int)json_array_size(fields));
    tcase_add_test(t, nothing_in_the_schema_is_without_a_class);
    tcase_add_loop_test(t, a_field_that_is_set_is_told_or_refused_with_its_path, 0, (int)json_array_size(fields));
    tcase_add_test(t, every_row_of_support_is_asked_for);
    suite_add_tcase(s, t);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    json_decref(fields);
    return failed == 0 ? 0 : 1;
}
