// XML text, two blanks a level. Overflow is kept by the buffer (strbuf.over); nothing here fails.
#include "domain/xml_writer.h"

#include <stdarg.h>

#include "base/utf8.h"

static const char *
entity_of(uint32_t code)
{
    switch (code) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&apos;";
    default:
        return NULL;
    }
}

/* XML 1.0 has no way to say control characters, nor the two that are none. */
static bool
is_sayable(uint32_t code)
{
    return code >= ' ' && code != 0x7f && code != 0xfffe && code != 0xffff;
}

static void
add_escaped(struct strbuf *out, const char *s)
{
    while (*s) {
        uint32_t code = 0;
        size_t n = utf8_next(s, &code);
        const char *entity = entity_of(code);
        if (entity) {
            strbuf_adds(out, entity);
        } else if (n > 0 && is_sayable(code)) {
            strbuf_add(out, s, n);
        } else {
            strbuf_addc(out, '?');
        }
        s += n ? n : 1;
    }
}

static void
new_line(struct xml *x)
{
    for (unsigned i = 0; i < x->depth; i++) {
        strbuf_adds(x->out, "  ");
    }
}

static void
end_tag(struct xml *x, const char *end)
{
    if (x->in_tag) {
        strbuf_adds(x->out, end);
        x->in_tag = false;
    }
}

void
xml_open(struct xml *x, const char *name)
{
    BUG_ON(x->depth == XML_DEPTH_MAX);
    end_tag(x, ">\n");
    new_line(x);
    strbuf_addc(x->out, '<');
    strbuf_adds(x->out, name);
    x->open[x->depth++] = name;
    x->in_tag = true;
    x->has_text = false;
}

void
xml_attr(struct xml *x, const char *name, const char *value)
{
    BUG_ON(!x->in_tag);
    if (!value) {
        return;
    }
    strbuf_addc(x->out, ' ');
    strbuf_adds(x->out, name);
    strbuf_adds(x->out, "='");
    add_escaped(x->out, value);
    strbuf_addc(x->out, '\'');
}

void
xml_attr_int(struct xml *x, const char *name, int64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%lld", (long long)value);
    xml_attr(x, name, text);
}

void
xml_text(struct xml *x, const char *text)
{
    end_tag(x, ">");
    add_escaped(x->out, text);
    x->has_text = true;
}

void
xml_close(struct xml *x)
{
    BUG_ON(x->depth == 0);
    const char *name = x->open[--x->depth];

    if (x->in_tag) {
        end_tag(x, "/>\n");
    } else {
        if (!x->has_text) {
            new_line(x);
        }
        strbuf_addf(x->out, "</%s>\n", name);
    }
    x->has_text = false;
}

void
xml_empty(struct xml *x, const char *name, ...)
{
    va_list list;

    xml_open(x, name);
    va_start(list, name);
    for (const char *key = va_arg(list, const char *); key; key = va_arg(list, const char *)) {
        xml_attr(x, key, va_arg(list, const char *));
    }
    va_end(list);
    xml_close(x);
}

void
xml_leaf(struct xml *x, const char *name, const char *text)
{
    if (text) {
        xml_open(x, name);
        xml_text(x, text);
        xml_close(x);
    }
}

void
xml_leaf_int(struct xml *x, const char *name, int64_t value)
{
    char text[24];

    (void)snprintf(text, sizeof(text), "%lld", (long long)value);
    xml_leaf(x, name, text);
}
