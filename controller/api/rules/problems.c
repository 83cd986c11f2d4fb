// Texts are joined by semicolons; those that do not fit are counted.
#include "api/rules/problems.h"

void
problems_add(struct problems *p, struct err *e)
{
    AUTO(err_freep) struct err *problem = e;

    if (!problem) {
        return;
    }
    size_t len = p->text.len + strlen(p->root) + strlen(err_text(problem));
    if (p->text.len > 0 && len > PROBLEMS_MAX) {
        p->left_out++;
        return;
    }
    strbuf_addf(&p->text, "%s%s%s", p->text.len > 0 ? "; " : "", p->root, err_text(problem));
}

struct err *
problems_told(struct problems *p)
{
    AUTO(strbuf_fini) struct strbuf text = p->text;

    if (text.len == 0) {
        return NULL;
    }
    return p->left_out > 0 ? INVALID("%s; and %zu more", strbuf_str(&text), p->left_out)
                           : INVALID("%s", strbuf_str(&text));
}
