// metav1.LabelSelector: which labels an object must have to be selected.
#ifndef VMB_LABEL_SELECTOR_H
#define VMB_LABEL_SELECTOR_H

#include "api/walk/field.h"
#include "api/walk/meta.h"

struct label_requirement {
    const char *key;
    const char *operator; /* In NotIn Exists DoesNotExist */
    struct str_list values;
};

struct label_requirement_list {
    struct label_requirement *items;
    size_t n;
};

/* All of it must hold. */
struct label_selector {
    struct str_map match_labels;
    struct label_requirement_list match_expressions;
};

extern const struct type label_selector_type;

#endif
