// Splits at the last colon.
#include "domain/host_port.h"

char *
host_port_split(const char *text, const char **ret_port)
{
    const char *colon = strrchr(text, ':');

    if (!colon || colon == text) {
        return NULL;
    }
    if (ret_port) {
        *ret_port = colon + 1;
    }
    bool is_v6 = text[0] == '[' && colon[-1] == ']';
    return is_v6 ? xstrndup(text + 1, (size_t)(colon - text) - 2) : xstrndup(text, (size_t)(colon - text));
}
