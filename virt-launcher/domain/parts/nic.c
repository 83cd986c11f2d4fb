// Network cards: what is the same for all of them. The kinds are in files of their own.
#include "api/rules/identity.h"
#include "api/rules/networks.h"
#include "domain/device_alias.h"
#include "domain/parts.h"
#include "domain/parts/disk.h"
#include "domain/parts/nic_passt.h"
#include "domain/parts/nic_tap.h"
#include "domain/parts/nic_view.h"

/* What QEMU offers as cards of conventional PCI. */
static const char *const conventional_models[] = {"e1000", "ne2k_pci", "pcnet", "rtl8139"};

static struct err *view_nic(const struct domain_view *v, const struct interface *n, struct nic_view *ret_nic);
static bool is_conventional(const char *model);

/* What the rest of the machine must have for this card. */
static void
ask_for(const struct nic_view *n, struct domain_view *v)
{
    v->needs_shared_memory = v->needs_shared_memory || n->is_vhost_user;
    v->pci.n_nics++;
    if (n->is_virtio) {
        pci_slots_add_virtio(&v->pci, n->pci);
    } else if (is_conventional(n->model)) {
        pci_slots_add_conventional(&v->pci, n->pci);
    } else {
        pci_slots_add(&v->pci, n->pci);
    }
}

static bool
is_of_disk(const struct domain_view *v, const char *alias)
{
    for (size_t i = 0; i < v->n_disks; i++) {
        if (str_eq(v->disks[i].alias, alias)) {
            return true;
        }
    }
    return false;
}

/* Disks and interfaces have names of their own; libvirt's aliases are one space. */
static const char *
nic_alias(const struct domain_view *v, const char *name, size_t index)
{
    const char *alias = device_alias(v->arena, name, index);

    for (size_t n = 0; is_of_disk(v, alias); n++) {
        alias = arena_printf(v->arena, "ua-nic-%zu", n);
    }
    return alias;
}

static struct err *
resolve_nics(struct domain_view *v)
{
    const struct interface_list *nics = &v->instance->spec.domain.interfaces;
    struct nic_view *views = ARENA_NEW_N(v->arena, struct nic_view, nics->n);
    size_t n_on_pod = 0;

    if (nics->n > DOMAIN_NICS_MAX) {
        return err_new(ERR_INVALID, "spec.domain.devices.interfaces: at most %d", DOMAIN_NICS_MAX);
    }
    for (size_t k = 0; k < nics->n; k++) {
        const struct interface *n = &nics->items[k];
        if (str_eq(n->state, "absent")) {
            continue;
        }
        struct nic_view *nic = &views[v->n_nics];
        struct err *e = view_nic(v, n, nic);
        if (!e && !nic->tap && n_on_pod++ > 0) {
            e = err_new(ERR_INVALID, "only one interface can be on the pod network: remove the others");
        }
        if (e) {
            return err_wrap(e, "spec.domain.devices.interfaces[%s]", n->name);
        }
        nic->alias = nic_alias(v, n->name, k);
        ask_for(nic, v);
        v->n_nics++;
    }
    v->nics = views;
    return NULL;
}

static bool
is_conventional(const char *model)
{
    for (size_t i = 0; i < ARRAY_LEN(conventional_models); i++) {
        if (str_eq(model, conventional_models[i])) {
            return true;
        }
    }
    return false;
}

static struct err *
view_nic(const struct domain_view *v, const struct interface *n, struct nic_view *ret_nic)
{
    const struct instance *i = v->instance;
    const struct network *net = network_find(&i->spec, n->name);

    if (!net) {
        return err_new(ERR_INVALID, "no network of that name: add one under spec.networks");
    }
    if (net->resource_claim || n->other_binding) {
        return err_new(ERR_INVALID, "this launcher runs bindings masquerade and bridge only");
    }
    bool is_virtio = str_empty(n->model) || str_eq(n->model, "virtio");
    *ret_nic = (struct nic_view){
        .network = n->name,
        .model = is_virtio ? v->virtio_model : n->model,
        .is_virtio = is_virtio,
        .mac = str_empty(n->mac_address) ? identity_mac(v->arena, i->namespace, i->name, n->name) : n->mac_address,
        .is_down = str_eq(n->state, "down"),
        .acpi_index = n->acpi_index,
        .boot_order = n->boot_order.set ? n->boot_order.v : 0,
    };
    struct err *e = pci_slot_read(v->arena, n->pci_address, &ret_nic->pci);
    if (!e) {
        e = network_is_secondary(net) ? nic_tap_view(v, net, ret_nic) : nic_passt_view(v, n, net, ret_nic);
    }
    return e;
}

static void
write_nic(const struct domain_view *v, const struct nic_view *n, struct xml *x)
{
    xml_open(x, "interface");
    xml_attr(x, "type", n->tap ? "ethernet" : n->is_vhost_user ? "vhostuser" : "user");
    xml_empty(x, "mac", "address", n->mac, NULL);
    if (n->tap) {
        nic_tap_write_target(n, x);
    } else {
        nic_passt_write_source(v, n, x);
    }
    xml_empty(x, "model", "type", n->model, NULL);
    if (n->tap) {
        nic_tap_write_driver(n, x);
    }
    if (n->is_down) {
        xml_empty(x, "link", "state", "down", NULL);
    }
    if (n->mtu > 0) {
        xml_open(x, "mtu");
        xml_attr_int(x, "size", n->mtu);
        xml_close(x);
    }
    if (n->boot_order > 0) {
        xml_open(x, "boot");
        xml_attr_int(x, "order", n->boot_order);
        xml_close(x);
    }
    if (!n->tap) {
        nic_passt_write_backend(v, n, x);
    }
    xml_empty(x, "alias", "name", n->alias, NULL);
    if (n->boot_order == 0) {
        xml_empty(x, "rom", "enabled", "no", NULL);
    }
    if (n->acpi_index > 0) {
        xml_open(x, "acpi");
        xml_attr_int(x, "index", n->acpi_index);
        xml_close(x);
    }
    pci_slot_write(n->pci, x);
    xml_close(x);
}

static void
write_nics(const struct domain_view *v, struct xml *x)
{
    for (size_t i = 0; i < v->n_nics; i++) {
        write_nic(v, &v->nics[i], x);
    }
}

const struct part part_nic = {
    .name = "nic",
    .elements = "interface",
    .live = LIVE_PARTLY,
    .is_device = true,
    .about = "Cards on the pod network, whose ports are opened and closed while the guest runs, and on secondary ones.",
    .resolve = resolve_nics,
    .write = write_nics,
};
