// Disks and networks of the spec, matched with what the pod gives.
#include "domain/device_view.h"

#include <arpa/inet.h>

#include "api/rules/identity.h"
#include "domain/pci_slots.h"

enum {
    ALIAS_NAME_MAX =
        24, /* passt's socket is <run>/libvirt/qemu/run/passt/<id>-<20 letters>-<alias>.socket: 107 bytes in all */
    ALIAS_KEPT = 16,
    PREFIX_DEFAULT = 24,
};

static const char serial_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.+-";
static const char *const bus_names[] = {"sata", "virtio", "sata", "scsi", "usb"};
static const char *const cache_names[] = {NULL, "none", "writethrough", "writeback"};
static const char *const io_names[] = {NULL, "native", "threads"};
static const char *const error_names[] = {"stop", "stop", "ignore", "report", "enospace"};
/* Cards that drop what finds no free buffer of theirs, and how much a connection may have on its way to them: the kernel doubles the
 * number, and that fits into half of the buffers that Linux gives the card. For those of Intel QEMU waits instead. */
static const struct {
    const char *model;
    int64_t receive_bytes;
} cards_that_drop[] = {{"rtl8139", 16384}, {"pcnet", 8192}, {"ne2k_pci", 4096}};

struct letters {
    unsigned vd;
    unsigned sd;
};

static struct err *view_placed_disk(const struct disk *d, const struct domain_facts *f, struct arena *a,
                                    struct disk_view *ret_disk);
static struct err *view_disk(const struct disk *d, const struct domain_facts *f, struct arena *a,
                             struct disk_view *ret_disk);
static struct err *view_cache(const struct disk *d, struct disk_view *v);
static void name_target(struct disk_view *v, struct arena *a, struct letters *l);
static const struct disk_facts *facts_find(const struct domain_facts *f, const char *volume);
static struct err *view_nic(const struct instance *i, const struct interface *n, bool has_ipv6, struct arena *a,
                            struct nic_view *ret_nic);
static struct err *view_addresses(const struct interface *n, const struct network *net, bool has_ipv6, struct arena *a,
                                  struct nic_view *v);
static const struct network *network_find(const struct vmi_spec *s, const char *name);

struct err *
device_view_disks(const struct instance *i, const struct domain_facts *f, struct arena *a, struct domain_view *v)
{
    const struct disk_list *disks = &i->spec.domain.disks;
    struct disk_view *views = ARENA_NEW_N(a, struct disk_view, disks->n);
    struct letters letters = {0};

    if (disks->n > DOMAIN_DISKS_MAX) {
        return err_new(ERR_INVALID, "spec.domain.devices.disks: at most %d", DOMAIN_DISKS_MAX);
    }
    for (size_t k = 0; k < disks->n; k++) {
        struct err *e = view_placed_disk(&disks->items[k], f, a, &views[k]);
        if (e) {
            return err_wrap(e, "spec.domain.devices.disks[%s]", disks->items[k].name);
        }
        views[k].alias = device_alias(a, disks->items[k].name, k);
        name_target(&views[k], a, &letters);
        v->has_scsi = v->has_scsi || str_eq(views[k].bus, "scsi");
        v->has_usb = v->has_usb || str_eq(views[k].bus, "usb");
        v->has_io_thread = v->has_io_thread || views[k].has_io_thread;
    }
    v->disks = views;
    v->n_disks = disks->n;
    return NULL;
}

static struct err *
view_placed_disk(const struct disk *d, const struct domain_facts *f, struct arena *a, struct disk_view *ret_disk)
{
    struct err *e = view_disk(d, f, a, ret_disk);

    return e ? e : pci_slot_view(a, d->disk ? d->disk->pci_address : NULL, &ret_disk->pci);
}

static struct err *
view_disk(const struct disk *d, const struct domain_facts *f, struct arena *a, struct disk_view *ret_disk)
{
    const struct disk_target *t = d->cdrom ? d->cdrom : d->lun ? d->lun : d->disk;
    enum disk_bus bus = t ? t->bus : DISK_BUS_UNSET;
    struct disk_view v = {
        .facts = facts_find(f, d->name),
        .device = d->cdrom ? "cdrom"
                  : d->lun ? "lun"
                           : "disk",
        .bus = bus_names[bus],
        .model = bus == DISK_BUS_VIRTIO ? "virtio-non-transitional" : NULL,
        .error_policy = error_names[d->error_policy],
        .serial = str_empty(d->serial) ? NULL : arena_strdup(a, d->serial),
        .is_shareable = d->shareable == TRI_TRUE,
        .has_discard = !d->cdrom,
        .has_io_thread = d->dedicated_io_thread == TRI_TRUE && bus == DISK_BUS_VIRTIO,
        .is_tray_open = d->cdrom && t->tray == TRAY_OPEN,
        .boot_order = d->boot_order.set ? d->boot_order.v : 0,
    };

    if (!v.facts) {
        return err_new(ERR_INVALID, "no volume of that name: add one under spec.volumes");
    }
    if (v.serial && strspn(v.serial, serial_letters) != strlen(v.serial)) {
        return err_new(ERR_INVALID, "serial may hold letters, digits and _ . + - only");
    }
    if (d->cdrom && bus == DISK_BUS_VIRTIO) {
        return err_new(ERR_INVALID, "a cdrom cannot be on bus virtio: use sata or scsi");
    }
    v.is_readonly = v.facts->is_readonly || d->cdrom || (t && t->readonly == TRI_TRUE);
    struct err *e = view_cache(d, &v);
    if (!e) {
        *ret_disk = v;
    }
    return e;
}

/* The page cache of the host is left out wherever the file system can do that (contract 3.2). */
static struct err *
view_cache(const struct disk *d, struct disk_view *v)
{
    const struct disk_facts *f = v->facts;

    if (d->cache == DISK_CACHE_NONE && !f->has_o_direct) {
        return err_new(ERR_INVALID, "cache none needs O_DIRECT, which the file system under volume %s cannot do",
                       d->name);
    }
    v->cache = cache_names[d->cache] ? cache_names[d->cache] : f->has_o_direct ? "none" : "writethrough";
    v->io = io_names[d->io];
    if (!v->io && str_eq(v->cache, "none") && (f->is_block || f->is_preallocated)) {
        v->io = "native";
    }
    return NULL;
}

/* vda ... vdz, vdaa ...; SATA, SCSI and USB share sd. */
static void
name_target(struct disk_view *v, struct arena *a, struct letters *l)
{
    bool is_virtio = str_eq(v->bus, "virtio");
    unsigned n = is_virtio ? l->vd++ : l->sd++;
    char letters[4] = {0};

    if (n >= 26) {
        letters[0] = (char)('a' + n / 26 - 1);
        letters[1] = (char)('a' + n % 26);
    } else {
        letters[0] = (char)('a' + n);
    }
    v->target = arena_printf(a, "%s%s", is_virtio ? "vd" : "sd", letters);
}

static const struct disk_facts *
facts_find(const struct domain_facts *f, const char *volume)
{
    for (size_t i = 0; i < f->n_disks; i++) {
        if (str_eq(f->disks[i].volume, volume)) {
            return &f->disks[i];
        }
    }
    return NULL;
}

struct err *
device_view_nics(const struct instance *i, const struct domain_facts *f, struct arena *a, struct domain_view *v)
{
    const struct interface_list *nics = &i->spec.domain.interfaces;
    struct nic_view *views = ARENA_NEW_N(a, struct nic_view, nics->n);

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
                            : view_nic(i, n, f->pod_has_ipv6, a, nic);
        if (e) {
            return err_wrap(e, "spec.domain.devices.interfaces[%s]", n->name);
        }
        nic->alias = device_alias(a, n->name, k);
        v->is_memory_shared = v->is_memory_shared || nic->is_vhost_user;
        v->n_nics++;
    }
    v->nics = views;
    return NULL;
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
view_nic(const struct instance *i, const struct interface *n, bool has_ipv6, struct arena *a, struct nic_view *ret_nic)
{
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
        .model = is_virtio ? "virtio-non-transitional" : n->model,
        .is_vhost_user = is_virtio,
        .receive_bytes = receive_bytes_of(n->model),
        .mac = str_empty(n->mac_address) ? identity_mac(a, i->namespace, i->name, n->name) : n->mac_address,
        .is_masquerade = !n->bridge,
        .is_down = str_eq(n->state, "down"),
        .boot_order = n->boot_order.set ? n->boot_order.v : 0,
    };
    struct err *e = pci_slot_view(a, n->pci_address, &ret_nic->pci);
    return e ? e : view_addresses(n, net, has_ipv6, a, ret_nic);
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

char *
device_alias(struct arena *a, const char *name, size_t index)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t len = strlen(name);
    char *kept;

    if (len <= ALIAS_NAME_MAX && strspn(name, allowed) == len) {
        return arena_printf(a, "ua-%s", name);
    }
    kept = arena_strndup(a, name, len < ALIAS_KEPT ? len : ALIAS_KEPT);
    for (char *c = kept; *c; c++) {
        if (!strchr(allowed, *c)) {
            *c = '-';
        }
    }
    return arena_printf(a, "ua-%s-%zu", kept, index);
}
