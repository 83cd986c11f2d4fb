// Network cards: all are on the pod network, through passt.
#include "domain/parts/nic.h"

#include <arpa/inet.h>

#include "api/rules/identity.h"
#include "domain/device_alias.h"
#include "domain/parts.h"
#include "domain/parts/disk.h"
#include "domain/paths.h"

enum { PREFIX_DEFAULT = 24 };

/* Cards that drop what finds no free buffer of theirs, and how much a connection may have on its way to them: the kernel doubles the
 * number, and that fits into half of the buffers that Linux gives the card. For those of Intel QEMU waits instead. */
static const struct {
    const char *model;
    int64_t receive_bytes;
} cards_that_drop[] = {{"rtl8139", 16384}, {"pcnet", 8192}, {"ne2k_pci", 4096}};

/* What QEMU offers as cards of conventional PCI. */
static const char *const conventional_models[] = {"e1000", "ne2k_pci", "pcnet", "rtl8139"};

static struct err *view_nic(const struct domain_view *v, const struct interface *n, struct nic_view *ret_nic);
static struct err *view_addresses(const struct interface *n, const struct network *net, bool has_ipv6, struct arena *a,
                                  struct nic_view *v);
static const struct network *network_find(const struct vmi_spec *s, const char *name);
static bool is_conventional(const char *model);

/* What the rest of the machine must have for this card. */
static void
ask_for(const struct nic_view *n, struct domain_view *v)
{
    v->needs_shared_memory = v->needs_shared_memory || n->is_vhost_user;
    v->pci.n_nics++;
    if (n->is_vhost_user) {
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

    if (nics->n > DOMAIN_NICS_MAX) {
        return err_new(ERR_INVALID, "spec.domain.devices.interfaces: at most %d", DOMAIN_NICS_MAX);
    }
    for (size_t k = 0; k < nics->n; k++) {
        const struct interface *n = &nics->items[k];
        if (str_eq(n->state, "absent")) {
            continue;
        }
        struct nic_view *nic = &views[v->n_nics];
        struct err *e = v->n_nics > 0
                            ? err_new(ERR_INVALID, "only one interface can be on the pod network: remove the others")
                            : view_nic(v, n, nic);
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

static int64_t
receive_bytes_of(const char *model)
{
    for (size_t i = 0; i < ARRAY_LEN(cards_that_drop); i++) {
        if (str_eq(cards_that_drop[i].model, model)) {
            return cards_that_drop[i].receive_bytes;
        }
    }
    return 0;
}

static struct err *
view_nic(const struct domain_view *v, const struct interface *n, struct nic_view *ret_nic)
{
    const struct instance *i = v->instance;
    const struct network *net = network_find(&i->spec, n->name);

    if (!net) {
        return err_new(ERR_INVALID, "no network of that name: add one under spec.networks");
    }
    if (net->multus || n->other_binding) {
        return err_new(ERR_INVALID, "this launcher runs the pod network with binding masquerade or bridge only");
    }
    bool is_virtio = str_empty(n->model) || str_eq(n->model, "virtio");
    *ret_nic = (struct nic_view){
        .network = n->name,
        .model = is_virtio ? v->virtio_model : n->model,
        .is_vhost_user = is_virtio,
        .receive_bytes = receive_bytes_of(n->model),
        .mac = str_empty(n->mac_address) ? identity_mac(v->arena, i->namespace, i->name, n->name) : n->mac_address,
        .is_masquerade = !n->bridge,
        .is_down = str_eq(n->state, "down"),
        .acpi_index = n->acpi_index,
        .boot_order = n->boot_order.set ? n->boot_order.v : 0,
    };
    struct err *e = pci_slot_read(v->arena, n->pci_address, &ret_nic->pci);
    return e ? e : view_addresses(n, net, v->facts.pod_has_ipv6, v->arena, ret_nic);
}

/* The address that the guest makes of the router's announcement and its MAC (EUI-64), so that it is right whether the guest
 * asks by DHCPv6 or not. */
static char *
eui64_address(struct arena *a, const char *prefix, const char *mac)
{
    unsigned m[6];
    struct in6_addr addr;
    char text[INET6_ADDRSTRLEN];

    if (sscanf(mac, "%2x:%2x:%2x:%2x:%2x:%2x", &m[0], &m[1], &m[2], &m[3], &m[4], &m[5]) != 6 ||
        inet_pton(AF_INET6, prefix, &addr) != 1) {
        return NULL;
    }
    const unsigned char id[8] = {(unsigned char)(m[0] ^ 2), (unsigned char)m[1], (unsigned char)m[2], 0xff, 0xfe,
                                 (unsigned char)m[3],       (unsigned char)m[4], (unsigned char)m[5]};
    memcpy(&addr.s6_addr[8], id, sizeof(id));
    return inet_ntop(AF_INET6, &addr, text, sizeof(text)) ? arena_strdup(a, text) : NULL;
}

/* Splits "10.0.2.0/24" into the network's address and length. */
static bool
read_cidr(const char *text, struct in_addr *ret_net, int64_t *ret_prefix)
{
    char address[INET_ADDRSTRLEN];
    int prefix = PREFIX_DEFAULT;
    int n = sscanf(text, "%15[0-9.]/%d", address, &prefix);

    if (n != 2 || prefix < 8 || prefix > 30 || inet_pton(AF_INET, address, ret_net) != 1) {
        return false;
    }
    *ret_prefix = prefix;
    return true;
}

static char *
address_text(struct arena *a, struct in_addr net, uint32_t host)
{
    char text[INET_ADDRSTRLEN];
    struct in_addr addr = {.s_addr = htonl(ntohl(net.s_addr) + host)};

    return inet_ntop(AF_INET, &addr, text, sizeof(text)) ? arena_strdup(a, text) : NULL;
}

static struct err *
view_addresses(const struct interface *n, const struct network *net, bool has_ipv6, struct arena *a, struct nic_view *v)
{
    const char *cidr = net->pod && !str_empty(net->pod->vm_network_cidr) ? net->pod->vm_network_cidr : "10.0.2.0/24";
    const char *cidr6 =
        net->pod && !str_empty(net->pod->vm_ipv6_network_cidr) ? net->pod->vm_ipv6_network_cidr : "fd10:0:2::/64";
    struct in_addr base;
    char prefix6[INET6_ADDRSTRLEN];
    int len6 = 0;

    if (!v->is_masquerade) {
        return NULL;
    }
    if (!read_cidr(cidr, &base, &v->prefix4)) {
        return err_new(ERR_INVALID, "vmNetworkCIDR '%s' is no IPv4 network of 8 to 30 bits", cidr);
    }
    base.s_addr &= htonl(UINT32_MAX << (32 - v->prefix4));
    v->gateway4 = address_text(a, base, 1);
    v->ip4 = address_text(a, base, 2);
    if (!has_ipv6) {
        return NULL;
    }
    if (sscanf(cidr6, "%45[0-9a-fA-F:]/%d", prefix6, &len6) == 2 && len6 == 64) {
        v->ip6 = eui64_address(a, prefix6, v->mac);
    }
    return v->ip6 ? NULL
                  : err_new(ERR_INVALID, "vmIPv6NetworkCIDR '%s' of %s is no IPv6 network of 64 bits", cidr6, n->name);
}

static const struct network *
network_find(const struct vmi_spec *s, const char *name)
{
    for (size_t i = 0; i < s->networks.n; i++) {
        if (str_eq(s->networks.items[i].name, name)) {
            return &s->networks.items[i];
        }
    }
    return NULL;
}

static void
write_address(const char *family, const char *address, int64_t prefix, struct xml *x)
{
    if (address) {
        xml_open(x, "ip");
        xml_attr(x, "family", family);
        xml_attr(x, "address", address);
        xml_attr_int(x, "prefix", prefix);
        xml_close(x);
    }
}

static void
write_forwards(const struct port_list *ports, enum port_protocol protocol, struct xml *x)
{
    bool is_open = false;

    for (size_t i = 0; ports && i < ports->n; i++) {
        enum port_protocol p = ports->items[i].protocol == PROTOCOL_UDP ? PROTOCOL_UDP : PROTOCOL_TCP;
        if (p != protocol) {
            continue;
        }
        if (!is_open) {
            xml_open(x, "portForward");
            xml_attr(x, "proto", protocol == PROTOCOL_UDP ? "udp" : "tcp");
            is_open = true;
        }
        xml_open(x, "range");
        xml_attr_int(x, "start", ports->items[i].port);
        xml_close(x);
    }
    if (is_open) {
        xml_close(x);
    }
}

/* Either way libvirt starts passt; what it cannot tell passt stands in the file that our wrapper reads. libvirt knows vhost-user
 * with virtio cards alone. */
static void
write_nic(const struct domain_view *v, const struct nic_view *n, struct xml *x)
{
    const char *log = arena_printf(v->arena, "%s/" DOMAIN_PASST_DIR "/%s.log", v->facts.run_dir, n->alias);

    xml_open(x, "interface");
    xml_attr(x, "type", n->is_vhost_user ? "vhostuser" : "user");
    xml_empty(x, "mac", "address", n->mac, NULL);
    xml_empty(x, "source", "dev", "eth0", NULL);
    write_address("ipv4", n->ip4, n->prefix4, x);
    write_address("ipv6", n->ip6, 64, x);
    write_forwards(v->facts.start_ports, PROTOCOL_TCP, x);
    write_forwards(v->facts.start_ports, PROTOCOL_UDP, x);
    xml_empty(x, "model", "type", n->model, NULL);
    if (n->is_down) {
        xml_empty(x, "link", "state", "down", NULL);
    }
    if (n->boot_order > 0) {
        xml_open(x, "boot");
        xml_attr_int(x, "order", n->boot_order);
        xml_close(x);
    }
    xml_empty(x, "backend", "type", "passt", "logFile", log, NULL);
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
    .about = "Cards on the pod network; their ports are opened and closed while the guest runs.",
    .resolve = resolve_nics,
    .write = write_nics,
};
