// From the rules in the field tables to one CEL expression of a ValidatingAdmissionPolicy. In the policy and not in the schema: there
// the API server would evaluate them at each write of a status too (docs/decisions/rules-in-policies.md).
#include "api/walk/field.h"

#include "api/walk/table.h"

struct writer {
    struct strbuf *out;
    bool wrote; /* a term stands before the next one */
};

static bool has_rules(const struct type *t, unsigned depth);
static void write_type(struct writer *w, const struct type *t, const char *path, unsigned depth);

bool
api_policy(const struct type *t, struct strbuf *sb)
{
    struct writer w = {.out = sb};

    write_type(&w, t, "", 0);
    if (!w.wrote) {
        strbuf_adds(sb, "''");
    }
    return !sb->over;
}

/* A literal of CEL that says 'text'. */
static void
write_quoted(struct strbuf *sb, const char *text)
{
    strbuf_addc(sb, '\'');
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\') {
            strbuf_addc(sb, '\\');
        }
        strbuf_addc(sb, *text);
    }
    strbuf_addc(sb, '\'');
}

static void
begin_term(struct writer *w)
{
    strbuf_adds(w->out, w->wrote ? " + (" : "(");
    w->wrote = true;
}

/* The first rule of a list that does not hold speaks; 'path' is the inside of a literal, with indices spliced in. */
static void
write_rules(struct writer *w, const struct cel_rule *rules, const char *path)
{
    begin_term(w);
    for (const struct cel_rule *r = rules; r->rule; r++) {
        strbuf_addf(w->out, "!(%s) ? '%s: ' + ", r->rule, path);
        if (r->expression) {
            strbuf_addf(w->out, "(%s)", r->expression);
        } else {
            write_quoted(w->out, r->message);
        }
        strbuf_adds(w->out, " + '; ' : ");
    }
    strbuf_adds(w->out, "'')");
}

/* has(self.a) && has(self.a.b): for "a.b". */
static void
write_presence(struct strbuf *sb, const char *path)
{
    for (const char *dot = strchr(path, '.'); dot; dot = strchr(dot + 1, '.')) {
        strbuf_addf(sb, "has(self.%.*s) && ", (int)(dot - path), path);
    }
    strbuf_addf(sb, "has(self.%s)", path);
}

/* Of what is kept as JSON only lists are looked into. */
static bool
is_list_of_type(const struct field *f)
{
    return f->kind == KIND_LIST || (f->kind == KIND_JSON && f->list);
}

static const struct type *
type_below(const struct field *f)
{
    return f->kind == KIND_STRUCT || f->kind == KIND_POINTER || is_list_of_type(f) ? f->type : NULL;
}

// NOLINTBEGIN(misc-no-recursion): as deep as the tables nest, and API_DEPTH_MAX at most
static bool
field_has_rules(const struct field *f, unsigned depth)
{
    return !f->shadow && *f->path && (f->cel || (type_below(f) && has_rules(type_below(f), depth)));
}

static bool
has_rules(const struct type *t, unsigned depth)
{
    BUG_ON(depth >= API_DEPTH_MAX);
    bool has = t->cel;
    for (const struct field *f = t->fields; !has && !t->opaque && f->kind != KIND_END; f++) {
        has = f->kind != KIND_OTHERS && field_has_rules(f, depth + 1);
    }
    return has;
}

/* Within it 'self' is the field's value, or the item of the list. */
static void
write_field(struct writer *w, const struct field *f, const char *path, unsigned depth)
{
    bool is_list = is_list_of_type(f);
    const char *dot = *path ? "." : "";
    AUTO(freep) char *index = xasprintf("i%u", depth);
    AUTO(freep)
    char *below = is_list ? xasprintf("%s%s%s[' + string(%s) + ']", path, dot, f->path, index)
                          : xasprintf("%s%s%s", path, dot, f->path);
    struct writer inner = {.out = w->out};

    begin_term(w);
    write_presence(w->out, f->path);
    if (is_list) {
        strbuf_addf(w->out, " ? self.%s.transformList(%s, self, ", f->path, index);
    } else {
        strbuf_addf(w->out, " ? [self.%s].map(self, ", f->path);
    }
    if (f->cel && !is_list) {
        write_rules(&inner, f->cel, below);
    }
    if (type_below(f)) {
        write_type(&inner, type_below(f), below, depth);
    }
    if (!inner.wrote) {
        strbuf_adds(w->out, "''");
    }
    strbuf_adds(w->out, ").join('') : '')");
    if (f->cel && is_list) { /* rules of the list as a whole */
        begin_term(w);
        write_presence(w->out, f->path);
        strbuf_addf(w->out, " ? [self.%s].map(self, ", f->path);
        AUTO(freep) char *whole = xasprintf("%s%s%s", path, dot, f->path);
        inner = (struct writer){.out = w->out};
        write_rules(&inner, f->cel, whole);
        strbuf_adds(w->out, ").join('') : '')");
    }
}

static void
write_type(struct writer *w, const struct type *t, const char *path, unsigned depth)
{
    BUG_ON(depth >= API_DEPTH_MAX);
    for (const struct field *f = t->fields; !t->opaque && f->kind != KIND_END; f++) {
        if (f->kind != KIND_OTHERS && field_has_rules(f, depth + 1)) {
            write_field(w, f, path, depth + 1);
        }
    }
    if (t->cel) {
        write_rules(w, t->cel, path);
    }
}
// NOLINTEND(misc-no-recursion)
