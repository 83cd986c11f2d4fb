// Any words as arguments of the controller, and any text in its environment: refused with a sentence, or settings that are whole.
#include "fuzz.h"

#include "options.h"

#include <getopt.h>

enum { ARGS_MAX = 32 };

static void
check(int argc, char **argv)
{
    struct options o = {0};

    optind = 0; /* glibc: from the start */
    AUTO(err_freep) struct err *e = options_parse(argc, argv, &o);
    if (e) {
        BUG_ON(err_class(e) != ERR_INVALID || str_empty(err_text(e)));
        return;
    }
    BUG_ON(!o.namespace || !o.address || o.port < 0 || o.port > 65535 || o.gateway_port < 0 || o.gateway_port > 65535);
    BUG_ON(o.verb == OPTIONS_RUN && str_empty(o.launcher_image));
}

/* Words end at a line end. The first one goes into the environment, too. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"KUBECONFIG", "POD_NAMESPACE",           "POD_NAME",
                                        "POD_IP",     "VMBRIDGE_LAUNCHER_IMAGE", "VMBRIDGE_GATEWAY"};
    AUTO(freep) char *text = xstrndup(data ? (const char *)data : "", size);
    char *argv[ARGS_MAX + 2] = {(char *)(uintptr_t) "vmbridge-controller"};
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
