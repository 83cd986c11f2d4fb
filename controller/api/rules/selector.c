// Equality is a requirement of one value.
#include "api/rules/selector.h"

#include "base/strbuf.h"

enum { TEXT_MAX = 16384 };

struct comparison {
    const char *name;
    const char *word; /* in text, between key and values; NULL: there are none */
    bool wants_values;
    bool is_negative; /* holds where the other one of its pair does not */
};

static const struct comparison comparisons[] = {
    {"In", "in", true, false},
    {"NotIn", "notin", true, true},
    {"Exists", NULL, false, false},
    {"DoesNotExist", NULL, false, true},
};

static const struct comparison *
comparison_of(const struct label_requirement *r)
{
    for (size_t i = 0; i < ARRAY_LEN(comparisons); i++) {
        if (str_eq(comparisons[i].name, r->operator)) {
            return &comparisons[i];
        }
    }
    return NULL;
}

const char *
selector_problem(const struct label_selector *s, struct arena *a)
{
    if (s->match_labels.n == 0 && s->match_expressions.n == 0) {
        return "is empty and would select everything in the namespace: name at least one label";
    }
    for (size_t i = 0; i < s->match_expressions.n; i++) {
        const struct label_requirement *r = &s->match_expressions.items[i];
        const struct comparison *op = comparison_of(r);
        if (!op) {
            return arena_printf(a,
                                ".matchExpressions[%zu].operator: \"%.64s\" is not a valid label selector operator: "
                                "write In, NotIn, Exists or DoesNotExist",
                                i, r->operator ? r->operator : "");
        }
        if (str_empty(r->key)) {
            return arena_printf(a, ".matchExpressions[%zu].key: a label's name is wanted", i);
        }
        if (op->wants_values != (r->values.n > 0)) {
            return arena_printf(
                a, ".matchExpressions[%zu].values: %s %s", i,
                op->wants_values ? "must be specified with operator" : "may not be specified with operator", op->name);
        }
    }
    return NULL;
}

static bool
requirement_fits(const struct label_requirement *r, const struct str_map *labels)
{
    const struct comparison *op = comparison_of(r);
    const char *have = str_map_get(labels, r->key);
    bool is_found = have && op && !op->wants_values;

    for (size_t i = 0; have && op && op->wants_values && i < r->values.n; i++) {
        is_found = is_found || str_eq(have, r->values.items[i]);
    }
    return op && is_found != op->is_negative;
}

bool
selector_fits(const struct label_selector *s, const struct str_map *labels)
{
    for (size_t i = 0; i < s->match_labels.n; i++) {
        const struct str_pair *want = &s->match_labels.items[i];
        if (!str_eq(str_map_get(labels, want->key), want->value)) {
            return false;
        }
    }
    for (size_t i = 0; i < s->match_expressions.n; i++) {
        if (!requirement_fits(&s->match_expressions.items[i], labels)) {
            return false;
        }
    }
    return true;
}

static int
text_order(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int
key_order(const void *a, const void *b)
{
    const struct label_requirement *x = a;
    const struct label_requirement *y = b;

    return strcmp(x->key ? x->key : "", y->key ? y->key : "");
}

static void
add_requirement(struct strbuf *sb, const struct label_requirement *r, struct arena *a)
{
    const struct comparison *op = comparison_of(r);
    const char **values = ARENA_NEW_N(a, const char *, r->values.n + 1);

    strbuf_adds(sb, sb->len > 0 ? "," : "");
    if (!op) { /* "key=value" of matchLabels */
        strbuf_addf(sb, "%s=%s", r->key, r->values.items[0]);
        return;
    }
    strbuf_addf(sb, "%s%s", !op->word && op->is_negative ? "!" : "", r->key);
    if (!op->word) {
        return;
    }
    memcpy(values, r->values.items, r->values.n * sizeof(*values));
    qsort(values, r->values.n, sizeof(*values), text_order);
    strbuf_addf(sb, " %s (", op->word);
    for (size_t i = 0; i < r->values.n; i++) {
        strbuf_addf(sb, "%s%s", i > 0 ? "," : "", values[i]);
    }
    strbuf_adds(sb, ")");
}

const char *
selector_text(const struct label_selector *s, struct arena *a)
{
    size_t n_labels = s->match_labels.n;
    size_t n = n_labels + s->match_expressions.n;
    struct label_requirement *all = ARENA_NEW_N(a, struct label_requirement, n + 1);
    AUTO(strbuf_fini) struct strbuf sb = STRBUF_INIT(TEXT_MAX);

    for (size_t i = 0; i < n_labels; i++) {
        const struct str_pair *pair = &s->match_labels.items[i];
        const char **value = ARENA_NEW(a, const char *);
        *value = pair->value;
        all[i] = (struct label_requirement){.key = pair->key, .values = {.items = value, .n = 1}};
    }
    for (size_t i = n_labels; i < n; i++) {
        all[i] = s->match_expressions.items[i - n_labels];
    }
    qsort(all, n, sizeof(*all), key_order);
    for (size_t i = 0; i < n; i++) {
        add_requirement(&sb, &all[i], a);
    }
    return arena_strdup(a, strbuf_str(&sb));
}
