// The walk over a table of rules.
#include "reconcile/rules.h"

void
rules_apply(const struct rules *rules, const void *view, struct plan *p)
{
    for (size_t i = 0; i < rules->n; i++) {
        if (rules->items[i].when(view)) {
            p->rule = rules->items[i].name;
            rules->items[i].then(view, p);
            return;
        }
    }
}

bool
rule_always(const void *view)
{
    (void)view; /* see the header */
    return true;
}

void
rule_nothing(const void *view, struct plan *p)
{
    (void)view; /* see the header */
    (void)p;
}
