// Rules over disks, volumes and networks.
#include "api/rules/validate_priv.h"

#include <arpa/inet.h>
#include <ctype.h>

enum { SERIAL_MAX = 256, USER_DATA_MAX = 2048, PORT_NAME_MAX = 15, CIDR4_MIN = 8, CIDR4_MAX = 30, CIDR6_MAX = 128 };

static struct err *check_disk(const struct vmi_spec *s, size_t i);
static struct err *check_target(const struct disk *d, size_t i);
static struct err *check_io_thread(const struct disk *d, size_t i);
static struct err *check_boot_order(const struct vmi_spec *s, struct opt_int mine, const void *me, const char *path,
                                    size_t i);
static struct err *check_cloud_init(const struct volume_cloud_init *c, size_t i);
static struct err *check_interface(const struct vmi_spec *s, size_t i);
static struct err *check_ports(const struct interface *nic, size_t i);
static struct err *check_network(const struct vmi_spec *s, size_t i);
static bool is_pod_network(const struct network *net);
static struct err *check_cidrs(const struct network_pod *p, size_t i);
static bool is_cidr(const char *text, int family, long min, long max);

static const struct volume *
volume_find(const struct vmi_spec *s, const char *name)
{
    for (size_t i = 0; i < s->volumes.n; i++) {
        if (str_eq(s->volumes.items[i].name, name)) {
            return &s->volumes.items[i];
        }
    }
    return NULL;
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

void
validate_disks(const struct vmi_spec *s, struct problems *p)
{
    for (size_t i = 0; i < s->domain.disks.n; i++) {
        problems_add(p, check_disk(s, i));
    }
}

static struct err *
check_disk(const struct vmi_spec *s, size_t i)
{
    const struct disk *d = &s->domain.disks.items[i];
    const struct volume *v = volume_find(s, d->name);

    for (size_t k = 0; k < i; k++) {
        if (str_eq(s->domain.disks.items[k].name, d->name)) {
            return INVALID("domain.devices.disks[%zu] and domain.devices.disks[%zu] must not have the same Name.", k, i);
        }
    }
    if (!v) {
        return INVALID("domain.devices.disks[%zu].name '%.63s' not found.", i, d->name);
    }
    if ((d->disk != NULL) + (d->lun != NULL) + (d->cdrom != NULL) > 1) {
        return INVALID("domain.devices.disks[%zu] can only have a single target type defined", i);
    }
    if (d->lun && !v->pvc) {
        return INVALID(
            "domain.devices.disks[%zu].lun can only be mapped to a DataVolume or PersistentVolumeClaim volume.", i);
    }
    if (d->serial && strlen(d->serial) > SERIAL_MAX) {
        return INVALID("domain.devices.disks[%zu].serial must be less than or equal to 256 in length, if specified", i);
    }
    if (d->serial && !is_made_of(d->serial, "_.+-")) {
        return INVALID("domain.devices.disks[%zu].serial must be made up of the following characters [A-Za-z0-9_.+-], "
                       "if specified",
                       i);
    }
    struct err *e = check_target(d, i);
    if (!e) {
        e = check_io_thread(d, i);
    }
    return e ? e : check_boot_order(s, d->boot_order, d, "disks", i);
}

static struct err *
check_target(const struct disk *d, size_t i)
{
    const struct disk_target *t = d->disk;

    if (d->cdrom && d->cdrom->bus == DISK_BUS_VIRTIO) {
        return INVALID(
            "domain.devices.disks[%zu].cdrom.bus: Bus type virtio is invalid for CD-ROM device; write sata or scsi", i);
    }
    if (!t) {
        return NULL;
    }
    if (t->readonly == TRI_TRUE && (t->bus == DISK_BUS_SATA || t->bus == DISK_BUS_UNSET)) {
        return INVALID(
            "domain.devices.disks[%zu].disk: sata hard-disks do not support read-only. Write bus: virtio or scsi, or "
            "cdrom instead of disk",
            i);
    }
    if (!str_empty(t->pci_address) && t->bus != DISK_BUS_VIRTIO) {
        return INVALID("domain.devices.disks[%zu].disk.pciAddress is only possible with bus type virtio", i);
    }
    return NULL;
}

/* QEMU's SATA, SCSI and USB disks are served by the main loop. A disk without bus is on SATA. */
static struct err *
check_io_thread(const struct disk *d, size_t i)
{
    static const char *const names[] = {
        [DISK_BUS_UNSET] = "sata", [DISK_BUS_SATA] = "sata", [DISK_BUS_SCSI] = "scsi", [DISK_BUS_USB] = "usb"};
    const struct disk_target *t = d->cdrom ? d->cdrom : d->lun ? d->lun : d->disk;
    enum disk_bus bus = t ? t->bus : DISK_BUS_UNSET;

    if (d->lun && bus == DISK_BUS_UNSET) {
        bus = DISK_BUS_SCSI;
    }
    return d->dedicated_io_thread == TRI_TRUE && bus != DISK_BUS_VIRTIO
               ? INVALID("domain.devices.disks[%zu].dedicatedIOThread: IOThreads are not supported for disks on a %s "
                         "bus; write bus: virtio",
                         i, names[bus])
               : NULL;
}

static struct err *
check_boot_order(const struct vmi_spec *s, struct opt_int mine, const void *me, const char *path, size_t i)
{
    if (!mine.set) {
        return NULL;
    }
    if (mine.v <= 0) {
        return INVALID("domain.devices.%s[%zu] must have a boot order > 0, if supplied", path, i);
    }
    bool taken = false;
    for (size_t k = 0; k < s->domain.disks.n; k++) {
        const struct disk *d = &s->domain.disks.items[k];
        taken = taken || (d != me && d->boot_order.set && d->boot_order.v == mine.v);
    }
    for (size_t k = 0; k < s->domain.interfaces.n; k++) {
        const struct interface *n = &s->domain.interfaces.items[k];
        taken = taken || ((const void *)n != me && n->boot_order.set && n->boot_order.v == mine.v);
    }
    return taken
               ? INVALID("domain.devices.%s[%zu].bootOrder: Boot order for %s[%zu] already set for a different device.",
                         path, i, path, i)
               : NULL;
}

static struct err *
check_volume(const struct vmi_spec *s, size_t i)
{
    const struct volume *v = &s->volumes.items[i];
    size_t sources = (v->pvc != NULL) + (v->container_disk != NULL) + (v->cloud_init_no_cloud != NULL) +
                     (v->empty_disk != NULL) + (v->other ? json_object_size(v->other) : 0);

    for (size_t k = 0; k < i; k++) {
        if (str_eq(s->volumes.items[k].name, v->name)) {
            return INVALID("volumes[%zu] and volumes[%zu] must not have the same Name.", k, i);
        }
    }
    if (!is_dns_label(v->name, strlen(v->name), 63)) {
        return INVALID("volumes[%zu].name '%.64s' must be small letters, digits and dashes, at most 63: it names a "
                       "volume of the pod",
                       i, v->name);
    }
    if (sources != 1) {
        return INVALID("volumes[%zu] must have exactly one source type set", i);
    }
    if (v->empty_disk && v->empty_disk->capacity.value <= 0) {
        return INVALID("volumes[%zu].emptyDisk.capacity must be greater than 0", i);
    }
    return v->cloud_init_no_cloud ? check_cloud_init(v->cloud_init_no_cloud, i) : NULL;
}

void
validate_volumes(const struct vmi_spec *s, struct problems *p)
{
    for (size_t i = 0; i < s->volumes.n; i++) {
        problems_add(p, check_volume(s, i));
    }
}

/* Bytes that base64 text stands for, or -1 when it is none. Line ends inside are left out, as Go's decoder does. */
static int64_t
base64_size(const char *text)
{
    int64_t n = 0;
    int pads = 0;

    for (; *text; text++) {
        if (*text == '\r' || *text == '\n') {
            continue;
        }
        if (*text == '=') {
            pads++;
        } else if (pads > 0 || (!isalnum((unsigned char)*text) && *text != '+' && *text != '/')) {
            return -1;
        }
        n++;
    }
    return n % 4 == 0 && pads <= 2 ? n / 4 * 3 - pads : -1;
}

static struct err *
check_cloud_data(const char *plain, const char *base64, const char *what, const char *hint, size_t i)
{
    int64_t size = base64 ? base64_size(base64) : (int64_t)(plain ? strlen(plain) : 0);

    if (size < 0) {
        return INVALID("volumes[%zu].cloudInitNoCloud.%sDataBase64 is not a valid base64 value.", i, what);
    }
    if (size > USER_DATA_MAX) {
        return INVALID("volumes[%zu].cloudInitNoCloud %sdata exceeds %d byte limit. Should use %s for larger data.", i,
                       what, USER_DATA_MAX, hint);
    }
    return NULL;
}

static struct err *
check_cloud_init(const struct volume_cloud_init *c, size_t i)
{
    int user = (c->user_data != NULL) + (c->user_data_base64 != NULL) + (c->secret_ref != NULL);
    int network = (c->network_data != NULL) + (c->network_data_base64 != NULL) + (c->network_data_secret_ref != NULL);

    if (user > 1) {
        return INVALID("volumes[%zu].cloudInitNoCloud must have only one userdatasource set.", i);
    }
    if (network > 1) {
        return INVALID("volumes[%zu].cloudInitNoCloud must have only one networkdata source set.", i);
    }
    if (user + network == 0) {
        return INVALID(
            "volumes[%zu].cloudInitNoCloud must have at least one userdatasource or one networkdatasource set.", i);
    }
    if ((c->secret_ref && str_empty(c->secret_ref->name)) ||
        (c->network_data_secret_ref && str_empty(c->network_data_secret_ref->name))) {
        return INVALID("volumes[%zu].cloudInitNoCloud: a Secret is referred to without a name", i);
    }
    struct err *e = check_cloud_data(c->user_data, c->user_data_base64, "user", "UserDataSecretRef", i);
    return e ? e : check_cloud_data(c->network_data, c->network_data_base64, "network", "NetworkDataSecretRef", i);
}

void
validate_networks(const struct vmi_spec *s, struct problems *p)
{
    size_t pods = 0;

    for (size_t i = 0; i < s->domain.interfaces.n; i++) {
        problems_add(p, check_interface(s, i));
    }
    for (size_t i = 0; i < s->networks.n; i++) {
        problems_add(p, check_network(s, i));
        pods += is_pod_network(&s->networks.items[i]);
    }
    if (pods > 1) {
        problems_add(p, INVALID("networks: more than one interface is connected to a pod network in networks"));
    }
}

/* The pod's, by name or because the converted machine's network has no type. */
static bool
is_pod_network(const struct network *net)
{
    return net->pod || (!net->multus && !net->resource_claim && !str_empty(net->network_name));
}

bool
has_pod_network(const struct vmi_spec *s)
{
    bool found = s->networks.n == 0 && s->domain.interfaces.n == 0 && s->domain.autoattach_pod_interface != TRI_FALSE;

    for (size_t i = 0; i < s->networks.n; i++) {
        found = found || is_pod_network(&s->networks.items[i]);
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
    return e ? e : check_boot_order(s, nic->boot_order, nic, "interfaces", i);
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
    if (net->multus && str_empty(json_str(net->multus, "networkName"))) {
        return INVALID("networks[%zu]: CNI delegating plugin must have a networkName", i);
    }
    if (!is_pod_network(net) && !net->multus && !net->resource_claim) {
        return INVALID("networks[%zu] should have a network type: write pod: {}", i);
    }
    return net->pod ? check_cidrs(net->pod, i) : NULL;
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
