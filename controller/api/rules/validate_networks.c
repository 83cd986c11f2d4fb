// Rules over interfaces and the networks that they are plugged into.
#include "api/rules/validate_parts.h"

#include <arpa/inet.h>
#include <ctype.h>

#include "api/rules/boot_order.h"
#include "api/rules/names.h"
#include "api/rules/networks.h"

enum { PORT_NAME_MAX = 15, CIDR4_MIN = 8, CIDR4_MAX = 30, CIDR6_MAX = 128, ACPI_INDEX_MAX = 16383 };

bool
has_pod_network(const struct vmi_spec *s)
{
    bool found = s->networks.n == 0 && s->domain.interfaces.n == 0 && s->domain.autoattach_pod_interface != TRI_FALSE;

    for (size_t i = 0; i < s->networks.n; i++) {
        found = found || network_is_pod(&s->networks.items[i]);
    }
    return found;
}

/* Six pairs of hexadecimal digits; the lowest bit of the first byte would mean a group. */
static bool
is_unicast_mac(const char *text)
{
    for (size_t i = 0; i < 17; i++) {
        if (i % 3 == 2 ? text[i] != ':' && text[i] != '-' : !isxdigit((unsigned char)text[i])) {
            return false;
        }
    }
    return text[17] == '\0' && strchr("02468aceACE", text[1]);
}

static struct err *
check_card(const struct interface *nic, size_t i)
{
    static const char *const models[] = {"virtio", "e1000", "e1000e", "igb", "ne2k_pci", "pcnet", "rtl8139"};
    const char *mac = nic->mac_address;
    bool known = str_empty(nic->model);

    for (size_t k = 0; k < ARRAY_LEN(models); k++) {
        known = known || str_eq(nic->model, models[k]);
    }
    if (!known) {
        return INVALID("domain.devices.interfaces[%zu]: interface %s uses model %.32s that is not supported.", i,
                       nic->name, nic->model);
    }
    if (!str_empty(mac) && !is_unicast_mac(mac)) {
        return INVALID("domain.devices.interfaces[%zu]: interface %s has malformed MAC address (%.32s): six pairs of "
                       "hexadecimal digits, "
                       "unicast",
                       i, nic->name, mac);
    }
    if (str_eq(mac, "02:00:00:00:00:00") || str_eq(mac, "02-00-00-00-00-00")) {
        return INVALID("domain.devices.interfaces[%zu].macAddress: The requested MAC address is reserved for the "
                       "in-pod bridge. Please "
                       "choose another one.",
                       i);
    }
    return NULL;
}

/* Two cards of one number would have one name. */
static struct err *
check_acpi_index(const struct vmi_spec *s, size_t i)
{
    int64_t index = s->domain.interfaces.items[i].acpi_index;

    if (index < 0 || index > ACPI_INDEX_MAX) {
        return INVALID("domain.devices.interfaces[%zu]: acpiIndex must be in range 0 < x < 16384", i);
    }
    for (size_t k = 0; index > 0 && k < i; k++) {
        if (s->domain.interfaces.items[k].acpi_index == index) {
            return INVALID(
                "domain.devices.interfaces[%zu].acpiIndex: domain.devices.interfaces[%zu] has the same: give "
                "each card a number of its own",
                i, k);
        }
    }
    return NULL;
}

static struct err *
check_binding(const struct interface *nic, size_t i)
{
    static const char *const gone[] = {"slirp", "macvtap", "passt"};
    size_t bindings =
        (size_t)nic->masquerade + (size_t)nic->bridge + (nic->other_binding ? json_object_size(nic->other_binding) : 0);

    if (bindings != 1) {
        return INVALID("domain.devices.interfaces[%zu]: logical %s interface must have exactly one binding method or "
                       "binding plugin",
                       i, nic->name);
    }
    for (size_t k = 0; nic->other_binding && k < ARRAY_LEN(gone); k++) {
        if (json_object_get(nic->other_binding, gone[k])) {
            return INVALID(
                "domain.devices.interfaces[%zu].%s: support has been discontinued since v1.3; write masquerade: {}", i,
                gone[k]);
        }
    }
    return NULL;
}

static struct err *
check_ports(const struct interface *nic, size_t i)
{
    for (size_t k = 0; k < nic->ports.n; k++) {
        const struct port *p = &nic->ports.items[k];
        if (p->port == 0) {
            return INVALID("domain.devices.interfaces[%zu].ports[%zu]: Port field is mandatory.", i, k);
        }
        if (p->port < 0 || p->port > 65535) {
            return INVALID("domain.devices.interfaces[%zu].ports[%zu]: Port field must be in range 0 < x < 65536.", i,
                           k);
        }
        if (str_empty(p->name)) {
            continue;
        }
        if (!is_dns_label(p->name, strlen(p->name), PORT_NAME_MAX)) {
            return INVALID("domain.devices.interfaces[%zu].ports[%zu].name: Invalid name of the port: %.63s (at most "
                           "15 small letters, "
                           "digits and dashes)",
                           i, k, p->name);
        }
        for (size_t m = 0; m < k; m++) {
            if (str_eq(nic->ports.items[m].name, p->name)) {
                return INVALID("domain.devices.interfaces[%zu].ports[%zu].name: Duplicate name of the port: %s", i, k,
                               p->name);
            }
        }
    }
    return NULL;
}

static struct err *
check_interface(const struct vmi_spec *s, size_t i)
{
    const struct interface *nic = &s->domain.interfaces.items[i];
    const struct network *net = network_find(s, nic->name);

    if (str_empty(nic->name) || !is_made_of(nic->name, "_-")) {
        return INVALID("domain.devices.interfaces[%zu].name: Network interface name can only contain alphabetical "
                       "characters, numbers, "
                       "dashes (-) or underscores (_)",
                       i);
    }
    for (size_t k = 0; k < i; k++) {
        if (str_eq(s->domain.interfaces.items[k].name, nic->name)) {
            return INVALID(
                "domain.devices.interfaces[%zu].name: Only one interface can be connected to one specific network", i);
        }
    }
    if (!net) {
        return INVALID("domain.devices.interfaces[%zu].name '%s' not found.", i, nic->name);
    }
    if (nic->masquerade && net->multus) {
        return INVALID("domain.devices.interfaces[%zu]: Masquerade interface only implemented with pod network", i);
    }
    struct err *e = check_binding(nic, i);
    if (!e) {
        e = check_card(nic, i);
    }
    if (!e) {
        e = check_ports(nic, i);
    }
    if (!e) {
        e = check_acpi_index(s, i);
    }
    return e ? e : boot_order_check(s, nic->boot_order, nic, "interfaces", i);
}

static bool
is_cidr(const char *text, int family, long min, long max)
{
    const char *slash = strchr(text, '/');
    char address[INET6_ADDRSTRLEN];
    unsigned char net[sizeof(struct in6_addr)];
    char *end;

    if (!slash || (size_t)(slash - text) >= sizeof(address) || !isdigit((unsigned char)slash[1])) {
        return false;
    }
    memcpy(address, text, (size_t)(slash - text));
    address[slash - text] = '\0';
    long bits = strtol(slash + 1, &end, 10);
    return *end == '\0' && bits >= min && bits <= max && inet_pton(family, address, net) == 1;
}

/* "10.0.2.0/24", of as many bits as an IPv4 network of a guest may have; of IPv6 the launcher knows more: whether the pod has any. */
static struct err *
check_cidrs(const struct network_pod *p, size_t i)
{
    const char *v4 = p->vm_network_cidr;
    const char *v6 = p->vm_ipv6_network_cidr;

    if (!str_empty(v4) && !is_cidr(v4, AF_INET, CIDR4_MIN, CIDR4_MAX)) {
        return INVALID("networks[%zu].pod.vmNetworkCIDR '%.63s' is no IPv4 network of %d to %d bits: write it like "
                       "10.0.2.0/24, or leave it out",
                       i, v4, CIDR4_MIN, CIDR4_MAX);
    }
    if (!str_empty(v6) && !is_cidr(v6, AF_INET6, 0, CIDR6_MAX)) {
        return INVALID("networks[%zu].pod.vmIPv6NetworkCIDR '%.63s' is no IPv6 network: write it like fd10:0:2::/64, "
                       "or leave it out",
                       i, v6);
    }
    return NULL;
}

static struct err *
check_network(const struct vmi_spec *s, size_t i)
{
    const struct network *net = &s->networks.items[i];
    bool used = false;

    for (size_t k = 0; k < i; k++) {
        if (str_eq(s->networks.items[k].name, net->name)) {
            return INVALID("networks[%zu].name: networks[%zu] and networks[%zu] must not have the same Name.", i, k, i);
        }
    }
    for (size_t k = 0; k < s->domain.interfaces.n; k++) {
        used = used || str_eq(s->domain.interfaces.items[k].name, net->name);
    }
    if (!used) {
        return INVALID("networks[%zu].name '%.63s' not found.", i, net->name);
    }
    if ((net->pod != NULL) + (net->multus != NULL) + (net->resource_claim != NULL) > 1) {
        return INVALID("networks[%zu] should have only one network type", i);
    }
    if (net->multus && str_empty(net->multus->network_name)) {
        return INVALID("networks[%zu]: CNI delegating plugin must have a networkName", i);
    }
    if (net->multus && !network_is_attachment(net->multus->network_name)) {
        return INVALID(
            "networks[%zu].multus.networkName '%.63s' must be the name of a NetworkAttachmentDefinition: NAME "
            "or NAMESPACE/NAME",
            i, net->multus->network_name);
    }
    if (!network_is_pod(net) && !net->multus && !net->resource_claim) {
        return INVALID("networks[%zu] should have a network type: write pod: {}", i);
    }
    return net->pod ? check_cidrs(net->pod, i) : NULL;
}

void
validate_networks(const struct vmi_spec *s, struct problems *p)
{
    size_t pods = 0, defaults = 0;

    for (size_t i = 0; i < s->domain.interfaces.n; i++) {
        problems_add(p, check_interface(s, i));
    }
    for (size_t i = 0; i < s->networks.n; i++) {
        problems_add(p, check_network(s, i));
        pods += network_is_pod(&s->networks.items[i]);
        defaults += s->networks.items[i].multus && s->networks.items[i].multus->is_default == TRI_TRUE;
    }
    if (pods > 1) {
        problems_add(p, INVALID("networks: more than one interface is connected to a pod network in networks"));
    }
    if (defaults > 1) {
        problems_add(p, INVALID("networks: Multus CNI should only have one default network"));
    }
    if (pods > 0 && defaults > 0) {
        problems_add(p, INVALID("networks: Pod network cannot be defined when Multus default network is defined"));
    }
}
