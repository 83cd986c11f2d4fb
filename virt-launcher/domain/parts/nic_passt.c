// What libvirt cannot tell passt stands in the file that our wrapper reads (effect/pod_network.h).
#include "domain/parts/nic_passt.h"

#include <arpa/inet.h>

#include "api/rules/networks.h"
#include "domain/paths.h"

enum { PREFIX_DEFAULT = 24 };

/* Cards that drop what finds no free buffer of theirs, and how much a connection may have on its way to them: the kernel doubles the
 * number, and that fits into half of the buffers that Linux gives the card. For those of Intel QEMU waits instead. */
static const struct {
    const char *model;
    int64_t receive_bytes;
} cards_that_drop[] = {{"rtl8139", 16384}, {"pcnet", 8192}, {"ne2k_pci", 4096}};

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
view_addresses(const struct interface *n, const struct network_pod *pod, bool has_ipv6, struct arena *a,
               struct nic_view *v)
{
    const char *cidr = pod && !str_empty(pod->vm_network_cidr) ? pod->vm_network_cidr : "10.0.2.0/24";
    const char *cidr6 = pod && !str_empty(pod->vm_ipv6_network_cidr) ? pod->vm_ipv6_network_cidr : "fd10:0:2::/64";
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

/* libvirt knows vhost-user with virtio cards alone. */
struct err *
nic_passt_view(const struct domain_view *v, const struct interface *n, const struct network *net, struct nic_view *nic)
{
    nic->is_vhost_user = nic->is_virtio;
    nic->receive_bytes = receive_bytes_of(nic->model);
    nic->is_masquerade = !n->bridge;
    return view_addresses(n, net->pod, v->facts.pod_has_ipv6, v->arena, nic);
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

void
nic_passt_write_source(const struct domain_view *v, const struct nic_view *n, struct xml *x)
{
    xml_empty(x, "source", "dev", POD_INTERFACE, NULL);
    write_address("ipv4", n->ip4, n->prefix4, x);
    write_address("ipv6", n->ip6, 64, x);
    write_forwards(v->facts.start_ports, PROTOCOL_TCP, x);
    write_forwards(v->facts.start_ports, PROTOCOL_UDP, x);
}

void
nic_passt_write_backend(const struct domain_view *v, const struct nic_view *n, struct xml *x)
{
    const char *log = arena_printf(v->arena, "%s/" DOMAIN_PASST_DIR "/%s.log", v->facts.run_dir, n->alias);

    xml_empty(x, "backend", "type", "passt", "logFile", log, NULL);
}
