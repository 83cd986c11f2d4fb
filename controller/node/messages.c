// Encodes and decodes with protobuf-c. Shares are named by their numbers, from 0.
#include "messages.h"

#include "deviceplugin.pb-c.h"

enum { SHARE_SIZE = 12 };

/* protobuf-c allocates as much as a message makes it: a byte may cost forty. */
struct budget {
    size_t left;
};

static void *budget_alloc(void *data, size_t size);
static void budget_free(void *data, void *ptr);
static void pack(const ProtobufCMessage *message, struct strbuf *out);
static struct err *check_shares(const struct device *d, const V1beta1__AllocateRequest *request);
static void pack_allocation(const char *const *paths, size_t n_paths, size_t n_containers, struct strbuf *out);

void
message_register(const char *endpoint, const char *resource, struct strbuf *out)
{
    V1beta1__RegisterRequest message;
    V1beta1__DevicePluginOptions options;
    char version[] = "v1beta1";
    AUTO(freep) char *socket = xstrdup(endpoint);
    AUTO(freep) char *name = xstrdup(resource);

    v1beta1__register_request__init(&message);
    v1beta1__device_plugin_options__init(&options);
    message.version = version;
    message.endpoint = socket;
    message.resource_name = name;
    message.options = &options;
    pack(&message.base, out);
}

void
message_options(struct strbuf *out)
{
    V1beta1__DevicePluginOptions message;

    v1beta1__device_plugin_options__init(&message);
    pack(&message.base, out);
}

void
message_devices(const struct device *d, bool is_healthy, struct strbuf *out)
{
    V1beta1__ListAndWatchResponse message;
    AUTO(freep) V1beta1__Device *shares = xcalloc(d->shares, sizeof(*shares));
    AUTO(freep) V1beta1__Device **list = xcalloc(d->shares, sizeof(*list));
    AUTO(freep) char *names = xcalloc(d->shares, SHARE_SIZE);
    char healthy[] = "Healthy", unhealthy[] = "Unhealthy";

    for (unsigned i = 0; i < d->shares; i++) {
        char *name = names + (size_t)i * SHARE_SIZE;
        (void)snprintf(name, SHARE_SIZE, "%u", i);
        v1beta1__device__init(&shares[i]);
        shares[i].id = name;
        shares[i].health = is_healthy ? healthy : unhealthy;
        list[i] = &shares[i];
    }
    v1beta1__list_and_watch_response__init(&message);
    message.n_devices = d->shares;
    message.devices = list;
    pack(&message.base, out);
}

struct err *
message_allocate(const struct device *d, const char *const *paths, size_t n_paths, const uint8_t *request, size_t len,
                 struct strbuf *out)
{
    struct budget budget = {.left = MESSAGE_MEMORY_MAX};
    ProtobufCAllocator allocator = {.alloc = budget_alloc, .free = budget_free, .allocator_data = &budget};
    V1beta1__AllocateRequest *message = v1beta1__allocate_request__unpack(&allocator, len, request);

    if (!message) {
        return err_new(ERR_INVALID, "no AllocateRequest, or one that is too large");
    }
    struct err *e = check_shares(d, message);
    if (!e) {
        pack_allocation(paths, n_paths, message->n_container_requests, out);
    }
    v1beta1__allocate_request__free_unpacked(message, &allocator);
    return e;
}

static bool
is_share(const struct device *d, const char *text)
{
    char same[SHARE_SIZE];
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    return n < d->shares && snprintf(same, sizeof(same), "%u", (unsigned)n) > 0 && str_eq(same, text);
}

static struct err *
check_shares(const struct device *d, const V1beta1__AllocateRequest *request)
{
    for (size_t c = 0; c < request->n_container_requests; c++) {
        const V1beta1__ContainerAllocateRequest *container = request->container_requests[c];
        if (container->n_devices_ids == 0) {
            return err_new(ERR_INVALID, "a container without a share");
        }
        for (size_t i = 0; i < container->n_devices_ids; i++) {
            if (!is_share(d, container->devices_ids[i])) {
                return err_new(ERR_INVALID, "%s has no share '%.20s'", d->name, container->devices_ids[i]);
            }
        }
    }
    return NULL;
}

/* "rw": a launcher opens the device; it makes no device nodes, hence no "m". All containers get the same. */
static void
pack_allocation(const char *const *paths, size_t n_paths, size_t n_containers, struct strbuf *out)
{
    V1beta1__AllocateResponse message;
    V1beta1__ContainerAllocateResponse container;
    V1beta1__DeviceSpec specs[DEVICES_MAX];
    V1beta1__DeviceSpec *list[DEVICES_MAX];
    AUTO(freep) V1beta1__ContainerAllocateResponse **containers = xcalloc(n_containers + 1, sizeof(*containers));
    char permissions[] = "rw";

    v1beta1__allocate_response__init(&message);
    v1beta1__container_allocate_response__init(&container);
    for (size_t i = 0; i < n_paths; i++) {
        v1beta1__device_spec__init(&specs[i]);
        specs[i].container_path = xstrdup(paths[i]);
        specs[i].host_path = specs[i].container_path;
        specs[i].permissions = permissions;
        list[i] = &specs[i];
    }
    container.n_devices = n_paths;
    container.devices = list;
    for (size_t i = 0; i < n_containers; i++) {
        containers[i] = &container;
    }
    message.n_container_responses = n_containers;
    message.container_responses = containers;
    pack(&message.base, out);
    for (size_t i = 0; i < n_paths; i++) {
        free(specs[i].container_path);
    }
}

static void
pack(const ProtobufCMessage *message, struct strbuf *out)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    AUTO(freep) uint8_t *bytes = xcalloc(size + 1, 1);

    (void)strbuf_add(out, bytes, protobuf_c_message_pack(message, bytes)); /* what does not fit shows in 'over' */
}

static void *
budget_alloc(void *data, size_t size)
{
    struct budget *b = data;

    if (size > b->left) {
        return NULL;
    }
    b->left -= size;
    return malloc(size ? size : 1);
}

static void
budget_free(void *data, void *ptr)
{
    (void)data; /* what was given back is not given again: one message is short-lived */
    free(ptr);
}
