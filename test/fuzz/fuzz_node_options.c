// Any words as arguments of vmbridge-node, and any text in its environment: refused with a sentence, or settings that are whole.
#include "fuzz.h"

#include "node/options.h"

#include <getopt.h>

enum { ARGS_MAX = 32 };

static void
check(int argc, char **argv)
{
    struct node_options o = {0};

    optind = 0; /* glibc: from the start */
    AUTO(err_freep) struct err *e = node_options_parse(argc, argv, &o);
    if (e) {
        BUG_ON(err_class(e) != ERR_INVALID || str_empty(err_text(e)));
        return;
    }
    BUG_ON(!o.plugin_dir || !o.root || o.n_devices < 1 || o.n_devices > DEVICES_MAX);
    for (size_t i = 0; i < o.n_devices; i++) {
        const struct device *d = &o.devices[i];
        BUG_ON(d->shares < 1 || d->shares > SHARES_MAX || str_empty(d->name) || d->path[0] != '/');
    }
}

/* Words end at a line end. The first one goes into the environment, too. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"VMBRIDGE_DEVICES", "VMBRIDGE_FORCE", "VMBRIDGE_PLUGIN_DIR", "VMBRIDGE_ROOT"};
    AUTO(freep) char *text = xstrndup(data ? (const char *)data : "", size);
    char *argv[ARGS_MAX + 2] = {(char *)(uintptr_t) "vmbridge-node"};
    int argc = 1;

    for (char *at = text; at && argc <= ARGS_MAX;) {
        char *end = strchr(at, '\n');
        argv[argc++] = at;
        at = end ? end + 1 : NULL;
        if (end) {
            *end = '\0';
        }
    }
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        (void)setenv(names[i], argv[1], 1); // NOLINT(concurrency-mt-unsafe): no thread
    }
    check(argc, argv);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        (void)unsetenv(names[i]); // NOLINT(concurrency-mt-unsafe): no thread
    }
    check(argc, argv);
    return 0;
}
