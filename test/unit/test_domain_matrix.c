// Some hundred fields and values of a domain, each as what it changes in the XML of the smallest guest. VMB_REGENERATE=1 writes matrix.want
// anew; with VMB_MATRIX_DIR the whole XML of each row is written there.
#include "base/yaml.h"
#include "domain_fixture.h"

#include <check.h>
#include <glob.h>

enum { ROWS_MAX = 400, LINES_MAX = 1024 };

static json_t *rows; /* of matrix.yaml */
static char *dir;
static char *wanted; /* matrix.want */

struct lines {
    char *text;
    char *items[LINES_MAX];
    bool taken[LINES_MAX];
    size_t n;
};

static void
lines_init(struct lines *l, const char *text)
{
    char *save = NULL;

    *l = (struct lines){.text = xstrdup(text)};
    for (char *p = strtok_r(l->text, "\n", &save); p; p = strtok_r(NULL, "\n", &save)) {
        ck_assert_uint_lt(l->n, LINES_MAX);
        l->items[l->n++] = p;
    }
}

/* The first line of 'l' that says so and was not taken is taken. */
static bool
take(struct lines *l, const char *line)
{
    for (size_t i = 0; i < l->n; i++) {
        if (!l->taken[i] && str_eq(l->items[i], line)) {
            l->taken[i] = true;
            return true;
        }
    }
    return false;
}

/* Lines that only one of them has: "- " the old one, "+ " the new one. */
static void
write_difference(const char *old, const char *new, struct strbuf *out)
{
    struct lines a, b;

    lines_init(&a, old);
    lines_init(&b, new);
    for (size_t i = 0; i < b.n; i++) {
        b.taken[i] = take(&a, b.items[i]);
    }
    for (size_t i = 0; i < a.n; i++) {
        if (!a.taken[i]) {
            strbuf_addf(out, "- %s\n", a.items[i]);
        }
    }
    for (size_t i = 0; i < b.n; i++) {
        if (!b.taken[i]) {
            strbuf_addf(out, "+ %s\n", b.items[i]);
        }
    }
    free(a.text);
    free(b.text);
}

/* The smallest guest, with the row's own patch and facts. */
static void
text_of(const json_t *row, struct strbuf *xml)
{
    AUTO(freep) char *base = xasprintf("%s/smallest", dir);
    AUTO(freep) char *text = domain_slurp(base, "in.yaml");
    const char *name = json_str(row, "name");
    struct domain_fixture x;
    json_t *docs = NULL;
    struct err *e = yaml_parse(text, strlen(text), DOMAIN_FILE_MAX, &docs);

    ck_assert_msg(!e, "%s", e ? err_text(e) : "");
    json_t *instance = json_array_get(docs, 0);
    if (json_bool(row, "kvm", false)) {
        (void)json_object_set_new(instance, "useEmulation", json_false());
    }
    if (json_object_get(row, "instance")) {
        ck_assert_int_eq(json_object_update_recursive(instance, json_object_get(row, "instance")), 0);
    }
    if (json_object_get(row, "spec")) {
        ck_assert_int_eq(json_object_update_recursive(json_object_get(instance, "spec"), json_object_get(row, "spec")),
                         0);
    }
    if (json_object_get(row, "facts")) {
        (void)json_array_append(docs, json_object_get(row, "facts"));
    }
    domain_fixture_init(&x, docs, name ? name : "the smallest guest");
    e = domain_text(&x, xml);
    ck_assert_msg(!e, "%s: %s", name ? name : "the smallest guest", e ? err_text(e) : "");
    arena_free(x.arena);
}

static void
write_whole(size_t number, const char *xml)
{
    AUTO(freep) char *path = xasprintf("%s/matrix-%03zu.xml", getenv("VMB_MATRIX_DIR"), number);
    AUTO(fclosep) FILE *f = fopen(path, "we");

    ck_assert(f && fputs(xml, f) >= 0);
}

/* "# name", and the difference to the smallest guest: a chapter of matrix.want. */
static void
write_chapter(const json_t *row, size_t number, struct strbuf *out)
{
    static const char *const kinds[] = {"{}", "{\"kvm\": true}"};
    AUTO(json_freep) json_t *base = json_loads(kinds[json_bool(row, "kvm", false)], 0, NULL);
    AUTO(strbuf_fini) struct strbuf old = STRBUF_INIT(DOMAIN_XML_MAX), new = STRBUF_INIT(DOMAIN_XML_MAX);

    text_of(base, &old);
    text_of(row, &new);
    if (getenv("VMB_MATRIX_DIR")) {
        write_whole(number, strbuf_str(&new));
    }
    strbuf_addf(out, "# %s\n", json_str(row, "name"));
    write_difference(strbuf_str(&old), strbuf_str(&new), out);
}

START_TEST(a_field_changes_what_it_is_to_change)
{
    const json_t *row = json_array_get(rows, (size_t)_i);
    AUTO(strbuf_fini) struct strbuf got = STRBUF_INIT(DOMAIN_FILE_MAX);

    write_chapter(row, (size_t)_i, &got);
    AUTO(freep) char *head = xasprintf("# %s\n", json_str(row, "name"));
    const char *at = strstr(wanted, head);
    ck_assert_msg(at != NULL, "matrix.want has no chapter '%s': VMB_REGENERATE=1 writes it", json_str(row, "name"));
    const char *end = strstr(at + 1, "\n# ");
    AUTO(freep) char *want = xstrndup(at, end ? (size_t)(end + 1 - at) : strlen(at));
    ck_assert_msg(str_eq(strbuf_str(&got), want), "it is:\n%sand is to be:\n%s", strbuf_str(&got), want);
    bool is_same = got.len == strlen(head);
    ck_assert_msg(is_same == json_bool(row, "same", false), "%s changes %s", json_str(row, "name"),
                  is_same ? "nothing" : "something");
}
END_TEST

START_TEST(each_row_has_a_name_of_its_own)
{
    size_t n = 0;

    for (size_t i = 0; i < json_array_size(rows); i++) {
        const char *name = json_str(json_array_get(rows, i), "name");
        ck_assert_ptr_eq(json_find(rows, "name", name), json_array_get(rows, i));
    }
    for (const char *p = wanted; (p = strstr(p, "# ")) != NULL; p++) {
        n += p == wanted || p[-1] == '\n';
    }
    ck_assert_uint_eq(n, json_array_size(rows)); /* no chapter is left over */
}
END_TEST

START_TEST(is_written_anew)
{
    AUTO(strbuf_fini) struct strbuf all = STRBUF_INIT(DOMAIN_FILE_MAX);
    AUTO(freep) char *path = xasprintf("%s/matrix.want", dir);
    AUTO(fclosep) FILE *f = fopen(path, "we");

    for (size_t i = 0; i < json_array_size(rows); i++) {
        write_chapter(json_array_get(rows, i), i, &all);
    }
    ck_assert(f && fputs(strbuf_str(&all), f) >= 0);
}
END_TEST

int
main(void)
{
    dir = xasprintf("%s/../golden/domain", getenv("VMB_TEST_DIR"));
    AUTO(freep) char *text = domain_slurp(dir, "matrix.yaml");
    AUTO(json_freep) json_t *docs = NULL;
    struct err *e = yaml_parse(text, strlen(text), DOMAIN_FILE_MAX, &docs);
    if (e) {
        fprintf(stderr, "matrix.yaml: %s\n", err_text(e));
        return 1;
    }
    rows = json_array_get(docs, 0);
    wanted = domain_slurp(dir, "matrix.want");

    Suite *s = suite_create("domain matrix");
    TCase *tc = tcase_create("domain matrix");
    if (getenv("VMB_REGENERATE")) {
        tcase_add_test(tc, is_written_anew);
    } else {
        tcase_add_loop_test(tc, a_field_changes_what_it_is_to_change, 0, (int)json_array_size(rows));
        tcase_add_test(tc, each_row_has_a_name_of_its_own);
    }
    suite_add_tcase(s, tc);
    SRunner *runner = srunner_create(s);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    free(wanted);
    free(dir);
    return failed == 0 && json_array_size(rows) <= ROWS_MAX ? 0 : 1;
}
