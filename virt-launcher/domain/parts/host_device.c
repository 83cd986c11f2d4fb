// Devices of the node, which a device plugin bound to VFIO and gave to the pod: which ones it says in the pod's environment.
#include "domain/parts/host_device.h"

#include "domain/device_alias.h"
#include "domain/parts.h"
#include "domain/parts/graphics.h"

enum { UUID_LEN = 36, ADDRESS_MAX = 64 };

static const struct host_resource *
resource_find(const struct domain_facts *f, const char *name)
{
    for (size_t i = 0; i < f->n_resources; i++) {
        if (str_eq(f->resources[i].name, name)) {
            return &f->resources[i];
        }
    }
    return NULL;
}

static bool
is_taken(const struct domain_view *v, const char *address)
{
    for (size_t i = 0; i < v->n_host_devices; i++) {
        if (str_eq(v->host_devices[i].address, address)) {
            return true;
        }
    }
    return false;
}

/* The first address of 'list' that no device before has: one may stand behind two resources. */
static const char *
first_free(const struct domain_view *v, const char *list)
{
    for (const char *p = list; p && *p; p += strcspn(p, ","), p += *p == ',') {
        size_t len = strcspn(p, ",");
        const char *address = len > 0 && len <= ADDRESS_MAX ? arena_strndup(v->arena, p, len) : NULL;
        if (address && !is_taken(v, address)) {
            return address;
        }
    }
    return NULL;
}

static bool
is_uuid(const char *text)
{
    return strlen(text) == UUID_LEN && strspn(text, "0123456789abcdefABCDEF-") == UUID_LEN;
}

static bool
read_usb(const char *text, unsigned *ret_bus, unsigned *ret_device)
{
    char end;

    return sscanf(text, "%3u:%3u%c", ret_bus, ret_device, &end) == 2;
}

/* An address in the form that its kind has. */
static bool
read_address(struct host_device_view *d)
{
    switch (d->kind) {
    case HOST_DEVICE_PCI:
        return pci_address_read(d->address, &d->pci) && d->pci.bus <= 0xff && d->pci.slot <= 0x1f &&
               d->pci.function <= 7;
    case HOST_DEVICE_MDEV:
        return is_uuid(d->address);
    case HOST_DEVICE_USB:
        return read_usb(d->address, &d->usb_bus, &d->usb_device);
    }
    return false;
}

static struct err *
view_device(const struct domain_view *v, const struct node_device *n, struct host_device_view *ret_device)
{
    const struct host_resource *r = str_empty(n->device_name) ? NULL : resource_find(&v->facts, n->device_name);
    const char *const lists[] = {r ? r->pci : NULL, r ? r->mdev : NULL, r ? r->usb : NULL};

    for (size_t k = 0; k < ARRAY_LEN(lists); k++) {
        struct host_device_view d = {.kind = (enum host_device_kind)k, .address = first_free(v, lists[k])};
        if (!d.address) {
            continue;
        }
        if (!read_address(&d)) {
            return err_new(ERR_RETRY, "the device plugin of %s gives the address %s, which is none", n->device_name,
                           d.address);
        }
        *ret_device = d;
        return NULL;
    }
    return err_new(ERR_RETRY, "the device plugin of %s has given the pod no device for it",
                   n->device_name ? n->device_name : "no resource");
}

static void
ask_for(struct host_device_view *d, struct domain_view *v)
{
    if (d->kind == HOST_DEVICE_USB) {
        v->has_usb_device = true;
    } else {
        d->port = pci_slots_add_last(&v->pci);
    }
}

/* Of virtual GPUs the first one shows the guest's screen, where nothing else is said and there is one. */
static void
view_display(const struct domain_view *v, const struct node_device *n, struct host_device_view *d)
{
    bool is_first = true;

    if (d->kind != HOST_DEVICE_MDEV || !graphics_are_wanted(v->instance)) {
        return;
    }
    for (size_t i = 0; i < v->n_host_devices; i++) {
        is_first = is_first && !v->host_devices[i].has_display;
    }
    bool is_silent = n->has_display == TRI_UNSET && n->has_ramfb == TRI_UNSET;
    d->has_display = n->has_display == TRI_TRUE || (is_silent && is_first);
    d->has_ramfb = d->has_display && (n->has_ramfb == TRI_TRUE || is_silent);
}

static struct err *
resolve_list(struct domain_view *v, const struct node_device_list *l, const char *list, struct host_device_view *views)
{
    bool is_gpu = str_eq(list, "gpus");

    for (size_t i = 0; i < l->n; i++) {
        struct host_device_view *d = &views[v->n_host_devices];
        struct err *e = v->n_host_devices >= DOMAIN_HOST_DEVICES_MAX
                            ? err_new(ERR_INVALID, "at most %d devices of the node", DOMAIN_HOST_DEVICES_MAX)
                            : view_device(v, &l->items[i], d);
        if (e) {
            return err_wrap(e, "spec.domain.devices.%s[%zu]", list, i);
        }
        if (is_gpu) {
            view_display(v, &l->items[i], d);
        }
        d->alias = device_alias(v->arena, arena_printf(v->arena, "%s-%zu", is_gpu ? "gpu" : "hostdevice", i), i);
        ask_for(d, v);
        v->n_host_devices++;
    }
    return NULL;
}

static struct err *
resolve_host_devices(struct domain_view *v)
{
    const struct domain_spec *d = &v->instance->spec.domain;
    struct host_device_view *views = ARENA_NEW_N(v->arena, struct host_device_view, DOMAIN_HOST_DEVICES_MAX);

    v->host_devices = views;
    struct err *e = resolve_list(v, &d->gpus, "gpus", views);
    return e ? e : resolve_list(v, &d->host_devices, "hostDevices", views);
}

static void
write_pci_source(const struct domain_view *v, const struct pci_address *p, struct xml *x)
{
    struct arena *a = v->arena;

    xml_empty(x, "address", "domain", arena_printf(a, "0x%04x", p->domain), "bus", arena_printf(a, "0x%02x", p->bus),
              "slot", arena_printf(a, "0x%02x", p->slot), "function", arena_printf(a, "0x%x", p->function), NULL);
}

static void
write_source(const struct domain_view *v, const struct host_device_view *d, struct xml *x)
{
    xml_open(x, "source");
    switch (d->kind) {
    case HOST_DEVICE_PCI:
        write_pci_source(v, &d->pci, x);
        break;
    case HOST_DEVICE_MDEV:
        xml_empty(x, "address", "uuid", d->address, NULL);
        break;
    case HOST_DEVICE_USB:
        xml_open(x, "address");
        xml_attr_int(x, "bus", d->usb_bus);
        xml_attr_int(x, "device", d->usb_device);
        xml_close(x);
        break;
    }
    xml_close(x);
}

/* Not managed: the device is bound to VFIO before the pod gets it, and stays so. */
static void
write_host_device(const struct domain_view *v, const struct host_device_view *d, struct xml *x)
{
    static const char *const types[] = {"pci", "mdev", "usb"};

    xml_open(x, "hostdev");
    xml_attr(x, "mode", "subsystem");
    xml_attr(x, "type", types[d->kind]);
    xml_attr(x, "managed", "no");
    if (d->kind == HOST_DEVICE_MDEV) {
        xml_attr(x, "model", "vfio-pci");
        xml_attr(x, "display", d->has_display ? "on" : NULL);
        xml_attr(x, "ramfb", d->has_ramfb ? "on" : NULL);
    }
    write_source(v, d, x);
    xml_empty(x, "alias", "name", d->alias, NULL);
    if (d->kind != HOST_DEVICE_USB) {
        const struct pci_address place = pci_slots_last(&v->pci, v->memory_bytes, d->port);
        pci_slot_write(&place, x);
    }
    xml_close(x);
}

static void
write_host_devices(const struct domain_view *v, struct xml *x)
{
    for (size_t i = 0; i < v->n_host_devices; i++) {
        write_host_device(v, &v->host_devices[i], x);
    }
}

const struct part part_host_device = {
    .name = "host_device",
    .elements = "hostdev",
    .is_device = true,
    .about = "GPUs and other devices of the node, on PCI, mediated or on USB.",
    .resolve = resolve_host_devices,
    .write = write_host_devices,
};
