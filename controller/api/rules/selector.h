// What a label selector selects (api/kinds/label_selector.h), as apimachinery's labels.Selector does. Pure.
#ifndef VMB_SELECTOR_H
#define VMB_SELECTOR_H

#include "api/kinds/label_selector.h"

/* Why it selects nothing that can be relied on, a sentence that begins with the path below the selector; NULL: it is a good one. */
const char *selector_problem(const struct label_selector *s, struct arena *a);

/* Whether an object with these labels is selected. Of a selector without a problem. */
bool selector_fits(const struct label_selector *s, const struct str_map *labels);

/* As text, the way a list request takes it: "app=x,tier in (a,b),!old". Requirements in the order of their keys. */
const char *selector_text(const struct label_selector *s, struct arena *a);

#endif
