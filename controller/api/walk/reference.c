// From field tables to the reference page, and the walk over all rows that tests use.
#include "api/walk/field.h"

#include "api/walk/table.h"

static const char *const kind_names[] = {
    [KIND_END] = "",
    [KIND_STRING] = "string",
    [KIND_INT] = "integer",
    [KIND_OPT_INT] = "integer",
    [KIND_TRI] = "boolean",
    [KIND_SWITCH] = "switch",
    [KIND_PRESENT] = "object",
    [KIND_ENUM] = "enum",
    [KIND_QUANTITY] = "quantity",
    [KIND_TIME] = "time",
    [KIND_STRINGS] = "list of strings",
    [KIND_MAP] = "map of strings",
    [KIND_STRUCT] = "object",
    [KIND_POINTER] = "object",
    [KIND_LIST] = "list",
    [KIND_JSON] = "object",
    [KIND_OTHERS] = "object",
    [KIND_PORT] = "number or name",
    [KIND_KEPT] = "object",
};

const char *
change_class_name(enum change_class c)
{
    static const char *const names[] = {
        [CHANGE_RESTART] = "restart", [CHANGE_LIVE] = "live", [CHANGE_RECREATE] = "recreate", [CHANGE_NEVER] = "never"};

    return names[c];
}

struct walk {
    void (*fn)(void *arg, const struct field *f, const char *path);
    void *arg;
};

// NOLINTBEGIN(misc-no-recursion): as deep as the tables nest, and API_DEPTH_MAX at most
static void
walk_type(const struct type *t, const char *prefix, const struct walk *w, unsigned depth)
{
    BUG_ON(depth >= API_DEPTH_MAX);
    for (const struct field *f = t->fields; f->kind != KIND_END; f++) {
        if (f->shadow || t == &meta_type) {
            continue;
        }
        const char *dot = *prefix && *f->path ? "." : "";
        AUTO(freep) char *path = xasprintf("%s%s%s%s", prefix, dot, f->path, f->kind == KIND_LIST ? "[]" : "");
        w->fn(w->arg, f, path);
        if (f->type && f->kind != KIND_JSON) { /* Kubernetes describes its own */
            walk_type(f->type, path, w, depth + 1);
        }
    }
}

// NOLINTEND(misc-no-recursion)

struct row_call {
    void (*fn)(void *arg, const char *path, const char *kind);
    void *arg;
};

static void
call_row(void *arg, const struct field *f, const char *path)
{
    const struct row_call *c = arg;

    if (f->kept) {
        return; /* it has no place in a struct */
    }
    c->fn(c->arg, path, kind_names[f->kind]);
}

void
api_each_field(const struct type *t, void (*fn)(void *arg, const char *path, const char *kind), void *arg)
{
    struct row_call call = {.fn = fn, .arg = arg};

    walk_type(t, "", &(struct walk){.fn = call_row, .arg = &call}, 0);
}

struct rule_call {
    void (*fn)(void *arg, const char *path, const char *message);
    void *arg;
};

static void
each_message(const struct rule_call *c, const char *path, const struct cel_rule *r)
{
    for (; r && r->rule; r++) {
        c->fn(c->arg, path, r->message);
    }
}

static void
call_rules(void *arg, const struct field *f, const char *path)
{
    each_message(arg, path, f->cel);
    if (f->type && (f->kind != KIND_JSON || f->list)) { /* as in policy.c */
        each_message(arg, path, f->type->cel);
    }
}

void
api_each_rule(const struct type *t, void (*fn)(void *arg, const char *path, const char *message), void *arg)
{
    struct rule_call call = {.fn = fn, .arg = arg};

    each_message(&call, "", t->cel);
    walk_type(t, "", &(struct walk){.fn = call_rules, .arg = &call}, 0);
}

static const char *
row_kind(const struct field *f)
{
    if (f->quantity) {
        return f->kind == KIND_MAP ? "map of quantities" : "quantity";
    }
    return f->list ? "list" : kind_names[f->kind];
}

static void
write_values(struct strbuf *sb, const struct field *f)
{
    for (const struct enum_value *v = f->values; v && v->name; v++) {
        strbuf_addf(sb, "%s`%s`", v == f->values ? " One of " : ", ", v->name);
    }
    if (f->values) {
        strbuf_addc(sb, '.');
    }
    if (f->max > f->min) {
        strbuf_addf(sb, " From %lld to %lld.", (long long)f->min, (long long)f->max);
    }
    if (f->max_items) {
        strbuf_addf(sb, " At most %u items.", f->max_items);
    }
    if (f->otherwise) {
        strbuf_addf(sb, " Absent: %s.", f->otherwise);
    }
}

static void
write_row(void *arg, const struct field *f, const char *path)
{
    struct strbuf *sb = arg;
    bool status = strstr(path, "status") == path;

    if (f->kind == KIND_OTHERS) {
        return; /* each has a row */
    }

    strbuf_addf(sb, "| `%s`%s | %s | %s | %s", path, f->required || f->needed ? " (required)" : "", row_kind(f),
                status ? "" : change_class_name(f->change), f->doc);
    write_values(sb, f);
    strbuf_adds(sb, " |\n");
}

bool
api_reference(const struct type *t, const char *prefix, struct strbuf *sb)
{
    strbuf_adds(sb, "| field | type | takes effect | meaning |\n|---|---|---|---|\n");
    walk_type(t, prefix, &(struct walk){.fn = write_row, .arg = sb}, 0);
    return !sb->over;
}
