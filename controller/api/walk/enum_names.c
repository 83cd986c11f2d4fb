// Values of enums and their names on the wire.
#include "api/walk/field.h"

const char *
enum_name(const struct enum_value *values, int value)
{
    for (; values->name; values++) {
        if (values->value == value) {
            return values->name;
        }
    }
    return NULL;
}

bool
enum_find(const struct enum_value *values, const char *name, int *ret_value)
{
    for (; values->name; values++) {
        if (strcmp(values->name, name) == 0) {
            *ret_value = values->value;
            return true;
        }
    }
    return false;
}
