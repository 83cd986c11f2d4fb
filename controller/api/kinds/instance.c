// The instance that a launcher pod carries: its table, and what its fields mean together.
#include "api/kinds/instance.h"

#include "api/kinds/defaults.h"
#include "api/kinds/tables.h"

static const struct field claim_capacity_fields[] = {
    FIELD_STRING(claim_capacity, name, "name", "Name of the volume.", REQUIRED, MAX_LEN(63)),
    FIELD_QUANTITY(claim_capacity, capacity, "capacity", "Size of its claim.", REQUIRED),
    FIELD_END,
};
static const struct type claim_capacity_type = TYPE(claim_capacity, claim_capacity_fields, .list_key = "name");

static const struct field instance_fields[] = {
    FIELD_INT(instance, version, "version", "Version of this description.", REQUIRED),
    FIELD_STRING(instance, namespace, "namespace", "Namespace of the VMI.", REQUIRED, MAX_LEN(253)),
    FIELD_STRING(instance, name, "name", "Name of the VMI.", REQUIRED, MAX_LEN(253)),
    FIELD_STRING(instance, uid, "uid", "UID of the VMI.", REQUIRED, MAX_LEN(64)),
    FIELD_STRING(instance, gateway, "gateway", "Address of the gateway, host:port.", MAX_LEN(300)),
    FIELD_STRING(instance, gateway_name, "gatewayName", "Name in its certificate, when it is not the host.",
                 MAX_LEN(253)),
    FIELD_STRING(instance, system_uuid, "systemUUID", "SMBIOS UUID.", MAX_LEN(36)),
    FIELD_STRING(instance, machine_type, "machineType", "Machine type.", MAX_LEN(64)),
    FIELD_BOOL(instance, use_emulation, "useEmulation", "QEMU runs without KVM."),
    FIELD_BOOL(instance, vhost_net, "vhostNet", "The node's kernel moves the packets of secondary networks."),
    FIELD_OPT_INT(instance, log_verbosity, "logVerbosity", "How much the launcher logs."),
    FIELD_OPT_INT(instance, overhead_bytes, "overheadBytes", "Memory of the pod beside the guest's."),
    FIELD_STRINGS(instance, block_volumes, "blockVolumes", "Volumes whose claim is a block device.", MAX_ITEMS(256)),
    FIELD_LIST(instance, claim_capacities, claim_capacity_list, claim_capacity_type, "claimCapacities",
               "Sizes of the claims that have a file system.", MAX_ITEMS(256)),
    FIELD_STRINGS(instance, ports, "openPorts", "Ports to let in from the start: \"22\", \"53/udp\".",
                  MAX_ITEMS(INSTANCE_PORTS_MAX)),
    FIELD_STRUCT(instance, spec, vmi_spec, vmi_spec_type, "spec", "Spec of the VMI.", REQUIRED),
    FIELD_END,
};
const struct type instance_type = TYPE(instance, instance_fields);

static enum volume_kind
kind_of(const struct instance *i, const struct volume *v)
{
    if (v->container_disk) {
        return VOLUME_IMAGE;
    }
    if (v->cloud_init_no_cloud || v->cloud_init_config_drive) {
        return VOLUME_CLOUD_INIT;
    }
    if (v->config_map || v->secret || v->downward_api || v->service_account || v->sysprep) {
        return VOLUME_FILES;
    }
    if (v->empty_disk) {
        return VOLUME_EMPTY_DISK;
    }
    if (v->host_disk) {
        return VOLUME_HOST_DISK;
    }
    for (size_t k = 0; volume_claim(v) && k < i->block_volumes.n; k++) {
        if (str_eq(i->block_volumes.items[k], v->name)) {
            return volume_own_claim(v) ? VOLUME_PVC_BLOCK : VOLUME_EPHEMERAL_BLOCK;
        }
    }
    return volume_own_claim(v) ? VOLUME_PVC_FILE : v->ephemeral ? VOLUME_EPHEMERAL_FILE : VOLUME_UNSET;
}

/* "22", "22/tcp", "53/udp". */
MUST_CHECK static struct err *
port_read(const char *text, struct port *ret_port)
{
    char *end = NULL;
    long long number = strtoll(text, &end, 10);
    bool is_udp = str_eq(end, "/udp");

    if (number < 1 || number > 65535 || (!str_empty(end) && !is_udp && !str_eq(end, "/tcp"))) {
        return err_new(ERR_INVALID, "openPorts: \"%s\" is no port", text);
    }
    *ret_port = (struct port){.protocol = is_udp ? PROTOCOL_UDP : PROTOCOL_TCP, .port = number};
    return NULL;
}

struct err *
instance_derive(struct instance *i, struct arena *a)
{
    const struct volume_list *volumes = &i->spec.volumes;

    i->hostname = str_empty(i->spec.hostname) ? i->name : i->spec.hostname;
    if (str_empty(i->machine_type)) {
        i->machine_type = str_empty(i->spec.domain.machine_type) ? "q35" : i->spec.domain.machine_type;
    }
    if (str_empty(i->system_uuid)) {
        i->system_uuid = i->spec.domain.firmware.uuid;
    }
    i->volumes = (struct instance_volume_list){.items = ARENA_NEW_N(a, struct instance_volume, volumes->n)};
    for (size_t k = 0; k < volumes->n; k++) {
        const struct volume *v = &volumes->items[k];
        i->volumes.items[i->volumes.n++] = (struct instance_volume){.name = v->name, .kind = kind_of(i, v)};
    }
    i->open_ports = (struct port_list){.items = ARENA_NEW_N(a, struct port, i->ports.n)};
    for (size_t k = 0; k < i->ports.n; k++) {
        struct err *e = port_read(i->ports.items[k], &i->open_ports.items[i->open_ports.n++]);
        if (e) {
            return e;
        }
    }
    return NULL;
}

struct err *
instance_complete(struct instance *i, struct arena *a)
{
    vmi_spec_default(&i->spec, a, &(struct default_options){.name = i->name});
    return instance_derive(i, a);
}

struct str_list
instance_ports(const struct port_list *ports, struct arena *a)
{
    struct str_list l = {.items = ARENA_NEW_N(a, const char *, ports->n)};

    for (size_t k = 0; k < ports->n; k++) {
        const struct port *p = &ports->items[k];
        l.items[l.n++] = arena_printf(a, "%lld%s", (long long)p->port, p->protocol == PROTOCOL_UDP ? "/udp" : "");
    }
    return l;
}
