// The methods. Those that the options do not ask for are not there.
#include "plugin.h"

#include "messages.h"

#include <unistd.h>

static struct err *options(void *arg, const uint8_t *message, size_t len, struct strbuf *answer);
static struct err *devices(void *arg, const uint8_t *message, size_t len, struct strbuf *answer);
static struct err *allocate(void *arg, const uint8_t *message, size_t len, struct strbuf *answer);

static const struct grpc_method methods[] = {
    {.path = PLUGIN_OPTIONS_METHOD, .answer = options},
    {.path = "/v1beta1.DevicePlugin/ListAndWatch", .answer = devices, .is_watch = true},
    {.path = "/v1beta1.DevicePlugin/Allocate", .answer = allocate},
};

struct grpc_service
plugin_service(struct plugin *p)
{
    return (struct grpc_service){
        .methods = methods, .n_methods = ARRAY_LEN(methods), .answer_max = ANSWER_MAX_BYTES, .arg = p};
}

static struct err *
options(void *arg, const uint8_t *message, size_t len, struct strbuf *answer)
{
    (void)arg;
    (void)message; /* Empty */
    (void)len;
    message_options(answer);
    return NULL;
}

static struct err *
devices(void *arg, const uint8_t *message, size_t len, struct strbuf *answer)
{
    const struct plugin *p = arg;

    (void)message; /* Empty */
    (void)len;
    message_devices(p->device, p->is_healthy, answer);
    return NULL;
}

static struct err *
allocate(void *arg, const uint8_t *message, size_t len, struct strbuf *answer)
{
    const struct plugin *p = arg;
    const char *paths[DEVICES_MAX];
    size_t n = 0;

    /* A runtime starts no container with a node that is not there. */
    for (size_t i = 0; i < p->n_gives; i++) {
        AUTO(freep) char *path = xasprintf("%s%s", p->root, p->gives[i].path);
        if (access(path, F_OK) == 0) {
            paths[n++] = p->gives[i].path;
        }
    }
    return message_allocate(p->device, paths, n, message, len, answer);
}
