// Rules of a kind: the first that matches decides. Pure.
#ifndef VMB_RULES_H
#define VMB_RULES_H

#include "reconcile/plan.h"

/* 'view' is that of the kind. */
struct rule {
    const char *name;
    const char *says; /* one sentence for --print-rules */
    bool (*when)(const void *view);
    void (*then)(const void *view, struct plan *p);
};

struct rules {
    const struct rule *items; /* in the order they are tried; the last one always matches */
    size_t n;
};

/* Names the rule in the plan and lets it fill in its actions. */
void rules_apply(const struct rules *rules, const void *view, struct plan *p);

/* For the last rule, which asks nothing, and for those by which nothing is to be done: what is there is right, or goes on by itself. */
bool rule_always(const void *view);
void rule_nothing(const void *view, struct plan *p);

#endif
