// The environment is that of the process's start: nobody changes these names.
#include "effect/host_resources.h"

#include "domain/host_resource.h"

static const char *
said(struct arena *a, const char *prefix, const char *resource)
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): as above
    return getenv(host_resource_variable(a, prefix, resource));
}

static void
add(const struct node_device_list *l, struct arena *a, struct host_resource *resources, size_t *n)
{
    for (size_t i = 0; i < l->n; i++) {
        const char *name = l->items[i].device_name;
        if (!str_empty(name)) {
            resources[(*n)++] = (struct host_resource){.name = name,
                                                       .pci = said(a, HOST_RESOURCE_PCI, name),
                                                       .mdev = said(a, HOST_RESOURCE_MDEV, name),
                                                       .usb = said(a, HOST_RESOURCE_USB, name)};
        }
    }
}

void
host_resources_read(const struct instance *i, struct arena *a, struct domain_facts *facts)
{
    const struct domain_spec *d = &i->spec.domain;
    struct host_resource *resources = ARENA_NEW_N(a, struct host_resource, d->gpus.n + d->host_devices.n);
    size_t n = 0;

    add(&d->gpus, a, resources, &n);
    add(&d->host_devices, a, resources, &n);
    facts->resources = resources;
    facts->n_resources = n;
}
