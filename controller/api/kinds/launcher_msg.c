// Messages between launcher and gateway: their tables, reading and writing one text.
#include "api/kinds/launcher_msg.h"

#include "api/kinds/tables.h"
#include "base/utf8.h"

static const struct enum_value domain_state_names[] = {
    {"absent", DOMAIN_ABSENT},     {"starting", DOMAIN_STARTING},
    {"running", DOMAIN_RUNNING},   {"paused", DOMAIN_PAUSED},
    {"shutdown", DOMAIN_SHUTDOWN}, {"shutoff", DOMAIN_SHUTOFF},
    {"crashed", DOMAIN_CRASHED},   {NULL, 0},
};

static const struct field agent_interface_fields[] = {
    FIELD_STRING(agent_interface, name, "name", "Name of the interface inside the guest.", MAX_LEN(64)),
    FIELD_STRING(agent_interface, mac, "mac", "Its hardware address.", MAX_LEN(32)),
    FIELD_STRINGS(agent_interface, ip_addresses, "ipAddresses", "Its addresses.", MAX_ITEMS(64), MAX_LEN(64)),
    FIELD_END,
};
static const struct type agent_interface_type = TYPE(agent_interface, agent_interface_fields);

static const struct field agent_fields[] = {
    FIELD_BOOL(agent_state, connected, "connected", "The guest agent answers."),
    FIELD_STRING(agent_state, version, "version", "Version of the agent.", MAX_LEN(64)),
    FIELD_STRING(agent_state, hostname, "hostname", "Host name inside the guest.", MAX_LEN(256)),
    FIELD_STRUCT(agent_state, os, guest_os_info, guest_os_type, "os", "Operating system of the guest."),
    FIELD_LIST(agent_state, interfaces, agent_interface_list, agent_interface_type, "interfaces",
               "Interfaces that the guest has.", MAX_ITEMS(64)),
    FIELD_OPT_INT(agent_state, users, "users", "Users who are logged in."),
    FIELD_BOOL(agent_state, credentials, "credentials", "The agent has set the access credentials."),
    FIELD_STRING(agent_state, credentials_message, "credentialsMessage", "Why it has not.", MAX_LEN(512)),
    FIELD_END,
};
const struct type agent_state_type = TYPE(agent_state, agent_fields);

static const struct field disk_state_fields[] = {
    FIELD_STRING(disk_state, volume, "volume", "Volume behind the disk.", MAX_LEN(63)),
    FIELD_STRING(disk_state, target, "target", "Device name on its bus.", MAX_LEN(16)),
    FIELD_OPT_INT(disk_state, size, "size", "Bytes that the guest sees."),
    FIELD_STRING(disk_state, error, "error", "Why a write or read failed that the guest is paused for.", MAX_LEN(64)),
    FIELD_END,
};
static const struct type disk_state_type = TYPE(disk_state, disk_state_fields);

static const struct field nic_state_fields[] = {
    FIELD_STRING(nic_state, network, "network", "Network of the interface.", MAX_LEN(63)),
    FIELD_STRING(nic_state, mac, "mac", "Hardware address given to the guest.", MAX_LEN(32)),
    FIELD_STRING(nic_state, link, "link", "up or down.", MAX_LEN(8)),
    FIELD_STRING(nic_state, ip, "ip", "Address given to the guest.", MAX_LEN(64)),
    FIELD_OPT_INT(nic_state, queues, "queues", "Queues of the card."),
    FIELD_END,
};
static const struct type nic_state_type = TYPE(nic_state, nic_state_fields);

static const struct field launcher_state_fields[] = {
    FIELD_INT(launcher_state, version, "version", "Version of the message.", REQUIRED),
    FIELD_STRING(launcher_state, vmi_uid, "vmiUID", "The instance that the launcher runs.", MAX_LEN(64)),
    FIELD_INT(launcher_state, seq, "seq", "Grows with each message of one process.", REQUIRED),
    FIELD_ENUM(launcher_state, state, domain_state, domain_state_names, "state", "What the domain does.", REQUIRED),
    FIELD_STRING(launcher_state, reason, "reason", "Why, in one word.", MAX_LEN(64)),
    FIELD_STRING(launcher_state, message, "message", "Why, for people.", MAX_LEN(4096)),
    FIELD_BOOL(launcher_state, invalid, "invalid", "The spec is at fault."),
    FIELD_OPT_INT(launcher_state, since_s, "since", "Seconds since 1970 when 'state' last changed."),
    FIELD_OPT_INT(launcher_state, started_s, "started", "Seconds since 1970 when QEMU started."),
    FIELD_OPT_INT(launcher_state, memory_bytes, "memoryBytes", "Memory that the guest has now."),
    FIELD_STRING(launcher_state, machine_type, "machineType", "Versioned machine type.", MAX_LEN(64)),
    FIELD_STRUCT(launcher_state, agent, agent_state, agent_state_type, "agent", "What the guest agent says."),
    FIELD_LIST(launcher_state, disks, disk_state_list, disk_state_type, "disks", "Disks of the guest.", MAX_ITEMS(256)),
    FIELD_LIST(launcher_state, nics, nic_state_list, nic_state_type, "nics", "Network interfaces of the guest.",
               MAX_ITEMS(64)),
    FIELD_LIST(launcher_state, open_ports, port_list, port_type, "openPorts", "Ports that are let in now.",
               MAX_ITEMS(1024)),
    FIELD_END,
};
const struct type launcher_state_type = TYPE(launcher_state, launcher_state_fields);

static const struct field device_wish_fields[] = {
    FIELD_STRINGS(device_wish, links_down, "linksDown", "Interfaces whose link is to be down.", MAX_ITEMS(64)),
    FIELD_STRINGS(device_wish, trays_open, "traysOpen", "CD-ROMs whose medium is to be out.", MAX_ITEMS(256)),
    FIELD_END,
};
static const struct type device_wish_type = TYPE(device_wish, device_wish_fields);

static const struct field launcher_desired_fields[] = {
    FIELD_INT(launcher_desired, version, "version", "Version of the message.", REQUIRED),
    FIELD_STRING(launcher_desired, vmi_uid, "vmiUID", "The instance that is meant.", MAX_LEN(64)),
    FIELD_LIST(launcher_desired, open_ports, port_list, port_type, "openPorts", "All ports to let in.", MAX_ITEMS(1024)),
    FIELD_OPT_INT(launcher_desired, log_verbosity, "logVerbosity", "How much the launcher logs."),
    FIELD_POINTER(launcher_desired, devices, device_wish, device_wish_type, "devices",
                  "How devices are to be that can be switched while the guest runs."),
    FIELD_END,
};
const struct type launcher_desired_type = TYPE(launcher_desired, launcher_desired_fields);

static const struct field launcher_redirect_fields[] = {
    FIELD_INT(launcher_redirect, version, "version", "Version of the message.", REQUIRED),
    FIELD_STRING(launcher_redirect, address, "address", "Where the leader listens; empty when nobody leads.",
                 MAX_LEN(256)),
    FIELD_END,
};
const struct type launcher_redirect_type = TYPE(launcher_redirect, launcher_redirect_fields);

/* An object or array on the way through a tree. */
struct place {
    json_t *in;
    void *iter;   /* of an object: the next member */
    size_t index; /* of an array: the next element */
};

static json_t *
place_next(struct place *p)
{
    json_t *value = json_is_array(p->in) ? json_array_get(p->in, p->index++) : NULL;

    if (p->iter) {
        value = json_object_iter_value(p->iter);
        p->iter = json_object_iter_next(p->in, p->iter);
    }
    return value;
}

static void
clean_string(json_t *string)
{
    if (!utf8_is_clean(json_string_value(string))) {
        AUTO(freep) char *text = xstrdup(json_string_value(string));
        utf8_clean(text);
        (void)json_string_set(string, text); /* fails for what is no UTF-8 only */
    }
}

/* All strings of a tree that json_parse made. */
static void
clean_strings(json_t *tree)
{
    struct place way[JSON_DEPTH_MAX];
    size_t depth = 0;

    way[depth++] = (struct place){.in = tree, .iter = json_object_iter(tree)};
    while (depth > 0) {
        json_t *value = place_next(&way[depth - 1]);
        if (!value) {
            depth--;
        } else if (json_is_string(value)) {
            clean_string(value);
        } else if (json_is_object(value) || json_is_array(value)) {
            BUG_ON(depth == JSON_DEPTH_MAX); /* json_parse makes no deeper one */
            way[depth++] = (struct place){.in = value, .iter = json_object_iter(value)};
        }
    }
}

struct err *
launcher_msg_parse(const char *text, size_t len, json_t **ret_json, const char **ret_type)
{
    AUTO(json_freep) json_t *j = NULL;
    struct err *e = json_parse(text, len, LAUNCHER_MSG_MAX, &j);

    if (e) {
        return err_wrap(e, "launcher message");
    }
    clean_strings(j);
    const char *type = json_str(j, "type");
    if (str_empty(type)) {
        return err_new(ERR_INVALID, "launcher message: has no type");
    }
    int64_t version = json_int(j, "version", 0);
    if (version != LAUNCHER_MSG_VERSION) {
        return err_new(ERR_INVALID, "launcher message: version %lld is not spoken here, only %d", (long long)version,
                       LAUNCHER_MSG_VERSION);
    }
    *ret_json = STEAL(j);
    *ret_type = type;
    return NULL;
}

char *
launcher_msg_write(const char *type, const struct type *t, const void *msg)
{
    AUTO(json_freep) json_t *body = api_encode(t, msg);
    AUTO(json_freep) json_t *j = json_pack("{s:s}", "type", type);

    json_object_update(j, body);
    json_object_set_new(j, "version", json_integer(LAUNCHER_MSG_VERSION));
    return json_compact(j);
}
