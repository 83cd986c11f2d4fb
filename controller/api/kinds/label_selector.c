// The table of a label selector, whoever has one.
#include "api/kinds/label_selector.h"

#include "api/walk/table.h"

static const struct field requirement_fields[] = {
    FIELD_STRING(label_requirement, key, "key", "Label.", NEEDED),
    FIELD_STRING(label_requirement, operator, "operator", "In, NotIn, Exists, DoesNotExist.", NEEDED),
    FIELD_STRINGS(label_requirement, values, "values", "Its values."),
    FIELD_END,
};
static const struct type requirement_type = TYPE(label_requirement, requirement_fields);

static const struct field label_selector_fields[] = {
    FIELD_MAP(label_selector, match_labels, "matchLabels", "Labels with these values."),
    FIELD_LIST(label_selector, match_expressions, label_requirement_list, requirement_type, "matchExpressions",
               "Labels with values such as these."),
    FIELD_END,
};
const struct type label_selector_type = TYPE(label_selector, label_selector_fields);
