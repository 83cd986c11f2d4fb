// Letters, digits and signs of ASCII, one by one.
#include "api/rules/names.h"

#include <ctype.h>
#include <string.h>

enum { LABEL_NAME_MAX = 63 };

bool
is_made_of(const char *text, const char *more)
{
    for (; *text; text++) {
        if (!isalnum((unsigned char)*text) && !strchr(more, *text)) {
            return false;
        }
    }
    return true;
}

bool
is_label_name(const char *text)
{
    size_t len = strlen(text);

    return len > 0 && len <= LABEL_NAME_MAX && is_made_of(text, "-_.") && isalnum((unsigned char)text[0]) &&
           isalnum((unsigned char)text[len - 1]);
}

bool
is_dns_label(const char *text, size_t len, size_t max)
{
    if (len == 0 || len > max || text[0] == '-' || text[len - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!islower((unsigned char)text[i]) && !isdigit((unsigned char)text[i]) && text[i] != '-') {
            return false;
        }
    }
    return true;
}
