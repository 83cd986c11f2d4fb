// A resource is counted once a device; what stands behind a share the device plugin says in the pod's environment.
#include "reconcile/pod/node_devices.h"

static const char *
refused_of(const struct node_device_list *l, const char *list, const struct config *c, struct arena *a)
{
    for (size_t i = 0; i < l->n; i++) {
        const char *resource = l->items[i].device_name;
        if (str_empty(resource)) {
            return arena_printf(
                a, "spec.domain.devices.%s[%zu].deviceName must be set: the resource of a device plugin", list, i);
        }
        if (!str_list_has(&c->permitted_devices, resource)) {
            return arena_printf(a,
                                "spec.domain.devices.%s[%zu].deviceName: HostDevice %s is not permitted in "
                                "permittedHostDevices configuration: the administrator names it there, in the KubeVirt "
                                "object",
                                list, i, resource);
        }
    }
    return NULL;
}

const char *
node_devices_refused(const struct domain_spec *d, const struct config *c, struct arena *a)
{
    const char *why = refused_of(&d->gpus, "gpus", c, a);

    return why ? why : refused_of(&d->host_devices, "hostDevices", c, a);
}

static size_t
count_of(const struct node_device_list *l, const char *resource)
{
    size_t n = 0;

    for (size_t i = 0; i < l->n; i++) {
        n += str_eq(l->items[i].device_name, resource);
    }
    return n;
}

void
node_devices_limit(const struct domain_spec *d, json_t *limits)
{
    const struct node_device_list *const lists[] = {&d->gpus, &d->host_devices};

    for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
        for (size_t i = 0; i < lists[k]->n; i++) {
            const char *resource = lists[k]->items[i].device_name;
            json_t *n = json_sprintf("%zu", count_of(&d->gpus, resource) + count_of(&d->host_devices, resource));
            BUG_ON(json_object_set_new(limits, resource, n) != 0);
        }
    }
}
