// Label selectors: what they select, their text, and what is wrong with them; as apimachinery's do.
#include "api/rules/selector.h"
#include "base/json.h"

#include <check.h>

static struct arena *arena;

static void
make_arena(void)
{
    arena = arena_new(1 << 20);
}

static void
free_arena(void)
{
    arena_free(arena);
}

static json_t *
parse(const char *text)
{
    json_error_t error;
    json_t *j = json_loads(text, 0, &error);

    ck_assert_msg(j != NULL, "%s: %s", text, error.text);
    return json_in_arena(arena, j);
}

static struct label_selector
selector(const char *text)
{
    struct label_selector s = {0};

    ck_assert_ptr_null(api_decode(&label_selector_type, parse(text), arena, &s));
    return s;
}

static struct str_map
labels(const char *text)
{
    json_t *j = parse(text);
    struct str_map m = {.items = ARENA_NEW_N(arena, struct str_pair, json_object_size(j) + 1)};
    const char *key;
    json_t *value;

    json_object_foreach(j, key, value) {
        m.items[m.n++] = (struct str_pair){key, json_string_value(value)};
    }
    return m;
}

static const struct {
    const char *selector;
    const char *text; /* of k8s.io/apimachinery's LabelSelectorAsSelector(...).String() */
    const char *fits;
    const char *fits_not;
} rows[] = {
    {"{'matchLabels':{'app':'x'}}", "app=x", "{'app':'x','tier':'a'}", "{'app':'y'}"},
    {"{'matchLabels':{'b':'2','a':'1'}}", "a=1,b=2", "{'a':'1','b':'2'}", "{'a':'1'}"},
    {"{'matchExpressions':[{'key':'tier','operator':'In','values':['b','a']}]}", "tier in (a,b)", "{'tier':'a'}", "{}"},
    {"{'matchExpressions':[{'key':'tier','operator':'NotIn','values':['b','a']}]}", "tier notin (a,b)", "{}",
     "{'tier':'b'}"},
    {"{'matchExpressions':[{'key':'old','operator':'Exists'}]}", "old", "{'old':''}", "{'new':''}"},
    {"{'matchExpressions':[{'key':'old','operator':'DoesNotExist'}]}", "!old", "{'new':''}", "{'old':''}"},
    {"{'matchLabels':{'z':'1'},'matchExpressions':[{'key':'a','operator':'Exists'},{'key':'m','operator':'In','values':"
     "['1']}]}",
     "a,m in (1),z=1", "{'a':'','m':'1','z':'1'}", "{'a':'','m':'2','z':'1'}"},
};

static char *
quoted(const char *text)
{
    char *copy = arena_strdup(arena, text);

    for (char *p = copy; *p; p++) {
        if (*p == '\'') {
            *p = '"';
        }
    }
    return copy;
}

START_TEST(a_selector_selects_and_reads_as_kubernetes_has_it)
{
    const struct label_selector s = selector(quoted(rows[_i].selector));
    const struct str_map yes = labels(quoted(rows[_i].fits));
    const struct str_map no = labels(quoted(rows[_i].fits_not));

    ck_assert_ptr_null(selector_problem(&s, arena));
    ck_assert_str_eq(selector_text(&s, arena), rows[_i].text);
    ck_assert(selector_fits(&s, &yes));
    ck_assert(!selector_fits(&s, &no));
}
END_TEST

static const struct {
    const char *selector;
    const char *says;
} bad[] = {
    {"{}", "select everything"},
    {"{'matchExpressions':[{'key':'a','operator':'Gt','values':['1']}]}",
     "\"Gt\" is not a valid label selector operator"},
    {"{'matchExpressions':[{'key':'a','operator':'In'}]}", ".values: must be specified with operator In"},
    {"{'matchExpressions':[{'key':'a','operator':'Exists','values':['1']}]}",
     "may not be specified with operator Exists"},
    {"{'matchExpressions':[{'key':'','operator':'Exists'}]}", ".matchExpressions[0].key"},
};

START_TEST(what_is_wrong_with_a_selector_is_told)
{
    const struct label_selector s = selector(quoted(bad[_i].selector));
    const char *said = selector_problem(&s, arena);

    ck_assert_msg(said && strstr(said, bad[_i].says), "%s: %s", bad[_i].selector, said ? said : "(nothing)");
}
END_TEST

int
main(void)
{
    Suite *s = suite_create("selector");
    TCase *tc = tcase_create("selector");

    tcase_add_checked_fixture(tc, make_arena, free_arena);
    tcase_add_loop_test(tc, a_selector_selects_and_reads_as_kubernetes_has_it, 0, ARRAY_LEN(rows));
    tcase_add_loop_test(tc, what_is_wrong_with_a_selector_is_told, 0, ARRAY_LEN(bad));
    suite_add_tcase(s, tc);
    SRunner *sr = srunner_create(s);
    srunner_run_all(sr, CK_NORMAL);
    int failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
