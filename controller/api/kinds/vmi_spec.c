// Tables of a VMI's spec (also a VM's template), with the rules that the API server checks at apply.
#include "api/kinds/tables.h"

/* A probe goes into the pod as it is; the port is read beside, because it is let in. */
static const struct field http_header_fields[] = {
    KEPT_STRING("name", "Name of the header.", NEEDED),
    KEPT_STRING("value", "Its value.", NEEDED),
    FIELD_END,
};
static const struct type http_header_type = KEPT_TYPE(http_header_fields);

static const struct field probe_fields[] = {
    FIELD_JSON(probe, raw, "", "The probe as it was written."),
    FIELD_PRESENT(probe, http_get, "httpGet", "The guest answers HTTP.", .shadow = true),
    FIELD_PRESENT(probe, tcp_socket, "tcpSocket", "The guest accepts a connection.", .shadow = true),
    FIELD_OPT_INT(probe, http_port, "httpGet.port", "Port that is asked.", .shadow = true),
    FIELD_OPT_INT(probe, http_port, "tcpSocket.port", "Port that is connected to.", .shadow = true),
    FIELD_KEPT("httpGet", "The guest answers HTTP."),
    KEPT_PORT("httpGet.port", "Port that is asked.", NEEDED),
    KEPT_STRING("httpGet.host", "Host that is asked."),
    KEPT_STRING("httpGet.path", "Path that is asked for."),
    KEPT_STRING("httpGet.scheme", "HTTP or HTTPS."),
    KEPT_LIST(http_header_type, "httpGet.httpHeaders", "Headers of the request."),
    FIELD_KEPT("tcpSocket", "The guest accepts a connection."),
    KEPT_PORT("tcpSocket.port", "Port that is connected to.", NEEDED),
    KEPT_STRING("tcpSocket.host", "Host that is connected to."),
    KEPT_STRINGS("exec.command", "A command inside the guest."),
    KEPT_PRESENT("guestAgentPing", "The guest agent answers."),
    KEPT_INT("initialDelaySeconds", "Seconds before the first probe."),
    KEPT_INT("timeoutSeconds", "Seconds that one may take."),
    KEPT_INT("periodSeconds", "Seconds between two."),
    KEPT_INT("successThreshold", "How many in a row are a success."),
    KEPT_INT("failureThreshold", "How many in a row are a failure."),
    FIELD_END,
};
static const struct cel_rule probe_rules[] = {
    {"[has(self.httpGet), has(self.tcpSocket), has(self.exec), has(self.guestAgentPing)].filter(b, b).size() == 1",
     "must have exactly one probe type set", NULL},
    {NULL, NULL, NULL},
};
const struct type probe_type = TYPE(probe, probe_fields, .cel = probe_rules);

static const struct enum_value start_strategy_names[] = {{"Paused", START_PAUSED}, {NULL, 0}};

#define DISKS "self.domain.devices.disks"
#define INTERFACES "self.domain.devices.interfaces"
#define HAS_DISKS "has(" DISKS ")"
#define HAS_INTERFACES "has(" INTERFACES ")"
#define BOOT_ORDERS(l) "(has(" l ") ? " l ".filter(d, has(d.bootOrder)).map(d, d.bootOrder) : [])"
#define ALL_BOOT_ORDERS "(" BOOT_ORDERS(DISKS) " + " BOOT_ORDERS(INTERFACES) ")"
#define ASKS_THE_NETWORK(probe) \
    "(has(self." probe ") && (has(self." probe ".httpGet) || has(self." probe ".tcpSocket)))"
/* By name, as a converter's network without a type, or by default. */
#define HAS_POD_NETWORK                                                                                           \
    "(has(self.networks) && self.networks.size() > 0 ? self.networks.exists(n, has(n.pod) || (!has(n.multus) && " \
    "!has(n.resourceClaim))) : !(has(self.domain.devices.autoattachPodInterface) && "                             \
    "!self.domain.devices.autoattachPodInterface))"
/* Without the domain, which is 0000 or left out. */
#define PCI_PLACES(l, has, at)                                                                      \
    "(has(" l ") ? " l ".filter(d, " has " && " at " != '').map(d, (" at ".matches('^0000:') ? " at \
    ".substring(5) : " at ").lowerAscii()) : [])"
#define ALL_PCI_PLACES                                             \
    "(" PCI_PLACES(DISKS, "has(d.disk) && has(d.disk.pciAddress)", \
                   "d.disk.pciAddress") " + " PCI_PLACES(INTERFACES, "has(d.pciAddress)", "d.pciAddress") ")"
/* Place of the first item of 'l' that has no fellow of its name in 'of'. */
#define ORPHAN(l, of) l ".map(x, has(" of ") && " of ".exists(y, y.name == x.name)).indexOf(false)"
/* A number made text has no bound that the cost of a rule could be known by, so the place itself is not told. */
#define ORPHAN_TEXT(label, l, of) "'" label "[i].name \\'' + " l "[" ORPHAN(l, of) "].name + '\\' not found.'"

#define NEEDS_SEED(method, source)                                                              \
    "!has(self.accessCredentials) || !self.accessCredentials.exists(c, has(c.sshPublicKey) && " \
    "has(c.sshPublicKey.propagationMethod) && has(c.sshPublicKey.propagationMethod." method     \
    ")) || (has(self.volumes) && self.volumes.exists(v, has(v." source ")))"

static const struct cel_rule spec_rules[] = {
    {"!" HAS_DISKS " || " DISKS ".all(d, has(self.volumes) && self.volumes.exists(v, v.name == d.name))",
     "disks[i].name not found: each disk needs a volume of its name",
     ORPHAN_TEXT("domain.devices.disks", DISKS, "self.volumes")},
    {"!" HAS_INTERFACES " || " INTERFACES ".all(i, has(self.networks) && self.networks.exists(n, n.name == i.name))",
     "interfaces[i].name not found: each interface needs a network of its name",
     ORPHAN_TEXT("domain.devices.interfaces", INTERFACES, "self.networks")},
    {"!has(self.networks) || self.networks.all(n, " HAS_INTERFACES " && " INTERFACES ".exists(i, i.name == n.name))",
     "networks[i].name not found: each network needs an interface of its name",
     ORPHAN_TEXT("networks", "self.networks", INTERFACES)},
    {"!has(self.networks) || self.networks.filter(n, has(n.pod)).size() <= 1",
     "more than one interface is connected to a pod network in spec.networks", NULL},
    {"!has(self.networks) || !self.networks.exists(n, has(n.pod)) || "
     "!self.networks.exists(n, has(n.multus) && has(n.multus.default) && n.multus.default)",
     "Pod network cannot be defined when Multus default network is defined", NULL},
    {"!has(self.networks) || self.networks.filter(n, has(n.multus) && has(n.multus.default) && "
     "n.multus.default).size() "
     "<= 1",
     "Multus CNI should only have one default network", NULL},
    {"!" HAS_INTERFACES " || !has(self.networks) || " INTERFACES
     ".all(i, !has(i.masquerade) || !self.networks.exists(n, n.name == i.name && has(n.multus)))",
     "Masquerade interface only implemented with pod network", NULL},
    {ALL_BOOT_ORDERS ".all(o, " ALL_BOOT_ORDERS ".exists_one(p, p == o))",
     "Boot order for a device is already set for a different device."},
    {"!" ASKS_THE_NETWORK("livenessProbe") " || " HAS_POD_NETWORK,
     "livenessProbe.httpGet and tcpSocket: is only allowed if the Pod Network is attached", NULL},
    {"!" ASKS_THE_NETWORK("readinessProbe") " || " HAS_POD_NETWORK,
     "readinessProbe.httpGet and tcpSocket: is only allowed if the Pod Network is attached", NULL},
    {ALL_PCI_PLACES ".all(p, " ALL_PCI_PLACES ".exists_one(q, q == p))",
     "pciAddress: two devices cannot have the same PCI address"},
    {NEEDS_SEED("noCloud", "cloudInitNoCloud"),
     "accessCredentials requires a noCloud volume to exist when the noCloud propagationMethod is in use.", NULL},
    {NEEDS_SEED("configDrive", "cloudInitConfigDrive"),
     "accessCredentials requires a configDrive volume to exist when the configDrive propagationMethod is in use.", NULL},
    {"!has(self.volumes) || self.volumes.filter(v, has(v.serviceAccount)).size() <= 1",
     "volumes must have max one serviceAccount volume set", NULL},
    {"!(has(self.startStrategy) && self.startStrategy == 'Paused' && has(self.livenessProbe))",
     "Pausing VMI with LivenessProbe is not supported", NULL},
    {NULL, NULL, NULL},
};

static const struct cel_rule architecture_rules[] = {
    {"self in ['', 'amd64']", "unsupported architecture", "'unsupported architecture: ' + self"},
    {NULL, NULL, NULL},
};
static const struct cel_rule hostname_rules[] = {
    {"self == '' || (self.size() <= 63 && self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?$'))",
     "hostname does not conform to the kubernetes DNS_LABEL rules : small letters, digits and dashes, at most 63", NULL},
    {NULL, NULL, NULL},
};
static const struct cel_rule subdomain_rules[] = {
    {"self == '' || (self.size() <= 253 && "
     "self.matches('^[a-z0-9]([a-z0-9-]*[a-z0-9])?([.][a-z0-9]([a-z0-9-]*[a-z0-9])?)*$'))",
     "subdomain does not conform to the kubernetes DNS_SUBDOMAIN rules : labels joined by dots, at most 253", NULL},
    {NULL, NULL, NULL},
};
static const struct cel_rule eviction_rules[] = {
    {"self in ['None', 'LiveMigrate', 'LiveMigrateIfPossible', 'External']",
     "evictionStrategy is set with an unrecognized option",
     "'evictionStrategy is set with an unrecognized option: ' + self"},
    {NULL, NULL, NULL},
};
static const struct cel_rule start_rules[] = {
    {"self == 'Paused'", "startStrategy is set with an unrecognized option",
     "'startStrategy is set with an unrecognized option: ' + self"},
    {NULL, NULL, NULL},
};

static const struct field resource_claim_fields[] = {
    KEPT_STRING("name", "Name of the claim in this spec.", NEEDED),
    KEPT_STRING("resourceClaimName", "Claim in the same namespace."),
    KEPT_STRING("resourceClaimTemplateName", "Template that a claim is made from."),
    FIELD_END,
};
static const struct type resource_claim_type = KEPT_TYPE(resource_claim_fields);

static const struct field utility_volume_fields[] = {
    KEPT_STRING("name", "Name of the volume.", NEEDED),
    KEPT_STRING("claimName", "Claim in the same namespace.", NEEDED),
    KEPT_BOOL("readOnly", "It is mounted read-only."),
    KEPT_STRING("type", "What it is for: MemoryDump or Backup."),
    FIELD_END,
};
static const struct type utility_volume_type = KEPT_TYPE(utility_volume_fields);

enum { CREDENTIALS_MAX = 32, AGENT_USERS_MAX = 32 };

static const struct cel_rule agent_users_rules[] = {
    {"has(self.users) && self.users.size() > 0", "requires at least one user to be present in the users list", NULL},
    {NULL, NULL, NULL},
};
static const struct field agent_users_fields[] = {
    FIELD_STRINGS(agent_users, users, "users", "Users of the guest.", MAX_ITEMS(AGENT_USERS_MAX), MAX_LEN(64), NEEDED),
    FIELD_END,
};
static const struct type agent_users_type = TYPE(agent_users, agent_users_fields, .cel = agent_users_rules);

#define ONE_SOURCE                                                                              \
    {                                                                                           \
        "has(self.source) && has(self.source.secret)", "must have exactly one source set", NULL \
    }
static const struct cel_rule ssh_rules[] = {
    ONE_SOURCE,
    {"has(self.propagationMethod) && [has(self.propagationMethod.configDrive), has(self.propagationMethod.noCloud), "
     "has(self.propagationMethod.qemuGuestAgent)].filter(m, m).size() == 1",
     "must have exactly one propagationMethod set", NULL},
    {NULL, NULL, NULL},
};
static const struct field ssh_fields[] = {
    FIELD_STRING(ssh_public_key, secret_name, "source.secret.secretName", "Secret that holds them.", NEEDED,
                 MAX_LEN(253)),
    FIELD_PRESENT(ssh_public_key, config_drive, "propagationMethod.configDrive", "By a config drive."),
    FIELD_PRESENT(ssh_public_key, no_cloud, "propagationMethod.noCloud", "By cloud-init's NoCloud disk."),
    FIELD_POINTER(ssh_public_key, agent, agent_users, agent_users_type, "propagationMethod.qemuGuestAgent",
                  "By the guest agent, for these users, also while the guest runs."),
    FIELD_END,
};
static const struct type ssh_type = TYPE(ssh_public_key, ssh_fields, .cel = ssh_rules);

static const struct cel_rule password_rules[] = {
    ONE_SOURCE,
    {"has(self.propagationMethod) && has(self.propagationMethod.qemuGuestAgent)",
     "must have exactly one propagationMethod set", NULL},
    {NULL, NULL, NULL},
};
static const struct field password_fields[] = {
    FIELD_STRING(user_password, secret_name, "source.secret.secretName", "Secret that holds them: a key for each user.",
                 NEEDED, MAX_LEN(253)),
    FIELD_PRESENT(user_password, agent, "propagationMethod.qemuGuestAgent",
                  "By the guest agent, also while the guest runs."),
    FIELD_END,
};
static const struct type password_type = TYPE(user_password, password_fields, .cel = password_rules);

static const struct cel_rule credential_rules[] = {
    {"has(self.sshPublicKey) != has(self.userPassword)", "must have exactly one access credential type set", NULL},
    {NULL, NULL, NULL},
};
static const struct field access_credential_fields[] = {
    FIELD_POINTER(access_credential, ssh, ssh_public_key, ssh_type, "sshPublicKey", "Keys that may log in."),
    FIELD_POINTER(access_credential, password, user_password, password_type, "userPassword", "Passwords of users."),
    FIELD_END,
};
static const struct type access_credential_type =
    TYPE(access_credential, access_credential_fields, .cel = credential_rules);

static const struct field spec_fields[] = {
    FIELD_JSON(vmi_spec, json, "", "The spec as it was written.", .shadow = true),
    FIELD_STRUCT(vmi_spec, domain, domain_spec, domain_type, "domain", "The machine.", REQUIRED),
    FIELD_LIST(vmi_spec, networks, network_list, network_type, "networks", "Networks that interfaces are plugged into.",
               MAX_ITEMS(32)),
    FIELD_LIST(vmi_spec, volumes, volume_list, volume_type, "volumes", "What is behind the disks.", MAX_ITEMS(256)),
    FIELD_MAP(vmi_spec, node_selector, "nodeSelector", "Labels of the nodes that may run the guest."),
    FIELD_JSON(vmi_spec, affinity, "affinity", "Affinity of the pod.", OF(affinity_type)),
    FIELD_JSON(vmi_spec, tolerations, "tolerations", "Tolerations of the pod.", .list = true, OF(toleration_type)),
    FIELD_JSON(vmi_spec, topology_spread_constraints, "topologySpreadConstraints", "How pods are spread.", .list = true,
               OF(topology_spread_type)),
    FIELD_JSON(vmi_spec, dns_config, "dnsConfig", "DNS servers and search paths.", OF(dns_config_type)),
    FIELD_STRING(vmi_spec, dns_policy, "dnsPolicy", "Where DNS settings come from.", MAX_LEN(64)),
    FIELD_STRING(vmi_spec, scheduler_name, "schedulerName", "Scheduler of the pod.", MAX_LEN(253)),
    FIELD_STRING(vmi_spec, priority_class_name, "priorityClassName", "Priority of the pod.", MAX_LEN(253)),
    FIELD_STRING(vmi_spec, hostname, "hostname", "Host name of the guest.", RULES(hostname_rules), MAX_LEN(512),
                 .open = true, OTHERWISE("the name")),
    FIELD_STRING(vmi_spec, subdomain, "subdomain", "DNS subdomain of the guest.", RULES(subdomain_rules), MAX_LEN(512),
                 .open = true),
    FIELD_STRING(vmi_spec, architecture, "architecture", "CPU architecture; amd64.", RULES(architecture_rules),
                 MAX_LEN(32), .open = true, OTHERWISE("amd64")),
    FIELD_STRING(vmi_spec, eviction_strategy, "evictionStrategy", "What a node drain does to the guest.",
                 RULES(eviction_rules), MAX_LEN(64), .open = true, CHANGES(LIVE)),
    FIELD_ENUM(vmi_spec, start_strategy, start_strategy, start_strategy_names, "startStrategy",
               "Paused: starts, and waits.", RULES(start_rules), .open = true, MAX_LEN(32)),
    FIELD_OPT_INT(vmi_spec, termination_grace_period_s, "terminationGracePeriodSeconds",
                  "Seconds between ACPI shutdown and power off.", RANGE(0, 1000000000), OTHERWISE("30")),
    FIELD_POINTER(vmi_spec, liveness_probe, probe, probe_type, "livenessProbe", "Restarts a guest that does not answer."),
    FIELD_POINTER(vmi_spec, readiness_probe, probe, probe_type, "readinessProbe", "Says when the guest is ready."),
    KEPT_STRING("serviceAccountName", "ServiceAccount of the pod."),
    KEPT_LIST(resource_claim_type, "resourceClaims", "Device claims of the pod."),
    KEPT_LIST(utility_volume_type, "utilityVolumes", "Volumes that the guest does not see."),
    FIELD_LIST(vmi_spec, access_credentials, access_credential_list, access_credential_type, "accessCredentials",
               "Keys and passwords of the guest's users.", MAX_ITEMS(CREDENTIALS_MAX)),
    FIELD_END,
};
const struct type vmi_spec_type = TYPE(vmi_spec, spec_fields, .cel = spec_rules);
