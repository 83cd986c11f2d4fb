// Any text as passt's options, and as the name of its socket: the words lie in the text, the aliases in the name.
#include "fuzz.h"

#include "base/base.h"
#include "passt/args.h"

enum { ARGS_MAX = 64 };

static void
check_aliases(const char *socket)
{
    size_t before = SIZE_MAX;
    size_t len = 0;

    for (size_t n = 0; passt_args_alias(socket, n, &len); n++) {
        const char *alias = passt_args_alias(socket, n, &len);
        BUG_ON(len == 0 || len >= before || memchr(alias, '/', len));
        BUG_ON(!str_eq(alias + len, ".socket"));
        before = len;
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(freep) char *text = xstrndup(data ? (const char *)data : "", size);
    AUTO(freep) char *copy = xstrdup(text);
    char *args[ARGS_MAX + 1] = {0};
    size_t n = passt_args_split(copy, args, ARGS_MAX);

    BUG_ON(n != SIZE_MAX && n > ARGS_MAX);
    for (size_t i = 0; n != SIZE_MAX && i < n; i++) {
        BUG_ON(!args[i] || args[i] < copy || args[i] + strlen(args[i]) > copy + strlen(text));
        BUG_ON(strchr(args[i], '\n'));
    }
    BUG_ON(args[ARGS_MAX]);
    check_aliases(text);
    return 0;
}
