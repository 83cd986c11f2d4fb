/* Looks at its arguments alone. */
#include "args.h"

#include <stdint.h>
#include <string.h>

size_t
passt_args_split(char *text, char **args, size_t max)
{
    char *save = NULL;
    size_t n = 0;

    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *value = strchr(line, ' ');

        if (n + 2 > max) {
            return SIZE_MAX;
        }
        args[n++] = line;
        if (value) {
            *value++ = '\0';
            args[n++] = value;
        }
    }
    return n;
}

const char *
passt_args_alias(const char *socket, size_t n, size_t *ret_len)
{
    static const char suffix[] = ".socket";
    const char *slash = strrchr(socket, '/');
    const char *at = slash ? slash + 1 : socket;
    size_t len = strlen(at);

    if (len < sizeof(suffix) || strcmp(at + len - (sizeof(suffix) - 1), suffix) != 0) {
        return NULL;
    }
    const char *end = at + len - (sizeof(suffix) - 1);
    for (; n > 0 && at; n--) {
        at = strchr(at, '-');
        at = at ? at + 1 : NULL;
    }
    if (!at || at >= end) {
        return NULL;
    }
    *ret_len = (size_t)(end - at);
    return at;
}
