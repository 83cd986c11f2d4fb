// Walking the rows of support.c: over the JSON of a spec, and into the expressions of a policy.
#include "api/rules/support.h"

const char *support_class_name(enum support_class class)
{
    static const char *const names[] = {
        [SUPPORT_REFUSED] = "refused", [SUPPORT_TOLD] = "told", [SUPPORT_HARMLESS] = "harmless"};

    return names[class];
}

/* Longest first where one begins another. */
static const struct {
    const char *place;
    const char *alias;
} aliases[] = {
    {"domain.features.", "domain.resources.features."},
    {"domain.clock.", "domain.resources.clock."},
};

const char *
support_alias(const char *path, struct arena *a)
{
    for (size_t i = 0; i < ARRAY_LEN(aliases); i++) {
        if (str_starts(path, aliases[i].place)) {
            return arena_printf(a, "%s%s", aliases[i].alias, path + strlen(aliases[i].place));
        }
    }
    return NULL;
}

/* Whether a row speaks of the field whatever its value is. */
static bool
is_of_all_values(const struct support *r)
{
    size_t len = strlen(r->path);

    return !r->only && (!r->when || r->path[len - 1] == '*');
}

const struct support *
support_find(const struct support *rows, const char *path)
{
    const struct support *found = NULL;
    size_t longest = 0;

    for (const struct support *r = rows; r->path; r++) {
        size_t len = strlen(r->path);
        bool is_above = str_starts(path, r->path) && (path[len] == '\0' || path[len] == '.' || path[len] == '[');
        if (is_above && len > longest && is_of_all_values(r)) {
            found = r;
            longest = len;
        }
    }
    return found;
}

static bool
is_asking(const struct support *r, const json_t *j)
{
    const json_t *enabled = json_object_get(j, "enabled");
    const char *text = json_string_value(j);

    if (r->only) {
        return text && strcmp(text, r->only) == 0;
    }
    return j && !json_is_null(j) && !json_is_false(j) && !json_is_false(enabled) && !(text && !*text) &&
           !(text && r->fine && strcmp(text, r->fine) == 0) && !(json_is_array(j) && json_array_size(j) == 0) &&
           !(json_is_integer(j) && json_integer_value(j) == 0);
}

/* The value at a path without lists. */
static const json_t *
value_at(const json_t *j, const char *path, size_t path_len)
{
    const char *end = path + path_len;

    while (j && path < end) {
        size_t len = strcspn(path, ".[");
        j = json_object_getn(j, path, len);
        path += len + (path[len] == '.');
    }
    return j;
}

struct asking {
    const struct support *row;
    const json_t *spec;
    struct arena *arena;
    void (*fn)(void *arg, const char *path, const struct support *row);
    void *arg;
};

/* Calls for each place below 'path' at which the row asks, with its index. */
static void
call_for(const struct asking *ask, const char *path)
{
    const char *list = strstr(path, "[].");

    if (!list) {
        if (is_asking(ask->row, value_at(ask->spec, path, strlen(path)))) {
            ask->fn(ask->arg, path, ask->row);
        }
        return;
    }
    const json_t *items = value_at(ask->spec, path, (size_t)(list - path));
    const char *rest = list + strlen("[].");
    for (size_t i = 0; i < json_array_size(items); i++) {
        if (is_asking(ask->row, value_at(json_array_get(items, i), rest, strlen(rest)))) {
            ask->fn(ask->arg, arena_printf(ask->arena, "%.*s[%zu].%s", (int)(list - path), path, i, rest), ask->row);
        }
    }
}

void
support_each(const struct support *rows, enum support_class class, const json_t *spec, struct arena *a,
             void (*fn)(void *arg, const char *path, const struct support *row), void *arg)
{
    struct asking ask = {.spec = spec, .arena = a, .fn = fn, .arg = arg};

    for (const struct support *r = rows; spec && r->path; r++) {
        if (r->class != class) {
            continue;
        }
        ask.row = r;
        const char *alias = support_alias(r->path, a);
        if (r->when && r->when(spec)) {
            fn(arg, r->path, r);
        } else if (!r->when) {
            call_for(&ask, r->path);
        }
        if (!r->when && alias) {
            call_for(&ask, alias);
        }
    }
}

/* has(of.a) && has(of.a.b): for "a.b". */
static void
write_presence(struct strbuf *sb, const char *of, const char *path, size_t len)
{
    for (size_t i = 0; i <= len; i++) {
        if (i == len || path[i] == '.') {
            strbuf_addf(sb, "has(%s.%.*s) && ", of, (int)i, path);
        }
    }
}

/* Whether the value at 'path' below 'of' asks for something; the values are of one type each, but the rows do not say of which. */
static void
write_asking(struct strbuf *sb, const struct support *r, const char *of, const char *path)
{
    write_presence(sb, of, path, strlen(path));
    if (r->only) {
        strbuf_addf(sb, "%s.%s == '%s'", of, path, r->only);
    } else {
        strbuf_addf(sb, "!(dyn(%s.%s) in [dyn(false), dyn(0), dyn(''), dyn([])%s%s%s])", of, path,
                    r->fine ? ", dyn('" : "", r->fine ? r->fine : "", r->fine ? "')" : "");
    }
}

static void
write_place(struct strbuf *sb, const struct support *r, const char *path)
{
    const char *list = strstr(path, "[].");

    if (!list) {
        write_asking(sb, r, "spec", path);
        return;
    }
    int len = (int)(list - path);
    write_presence(sb, "spec", path, (size_t)len);
    strbuf_addf(sb, "spec.%.*s.exists(i, ", len, path);
    write_asking(sb, r, "i", list + strlen("[]."));
    strbuf_addc(sb, ')');
}

bool
support_policy(const struct support *row, struct arena *a, struct strbuf *sb)
{
    const char *alias = support_alias(row->path, a);

    strbuf_adds(sb, "!(");
    if (row->cel) {
        strbuf_adds(sb, row->cel);
    } else {
        write_place(sb, row, row->path);
        if (alias) {
            strbuf_adds(sb, " || ");
            write_place(sb, row, alias);
        }
    }
    strbuf_addc(sb, ')');
    return !sb->over;
}
