// Rules over a whole spec: resources, firmware, names. Devices, volumes and networks have files of their own.
#include "api/rules/validate_priv.h"

#include <ctype.h>

enum {
    MEMORY_MIN = 1000000,
    VCPUS_MAX = 512,
    NODE_CPUS_MAX = 8192,
    PROBE_SECONDS_MAX = 1000000000,
    PROBLEMS_MAX = 1800, /* bytes: a condition and an error hold some more */
    DNS_LABEL_MAX = 63,
    DNS_NAME_MAX = 253
};

#define MEMORY_MAX (64LL << 40) /* beyond any machine, and far from where sums end */

static void check_spec(const struct vmi_spec *s, struct problems *p);
static struct err *check_wanted_memory(const struct domain_spec *d);
static struct err *check_resources(const struct domain_spec *d);
static struct err *check_memory(const struct domain_spec *d);
static struct err *check_cpu(const struct domain_spec *d);
static struct err *check_firmware(const struct domain_spec *d);
static struct err *check_sockets(const json_t *spec);
static struct err *check_sound(const json_t *spec);
static struct err *check_probe(const struct vmi_spec *s, const struct probe *probe, const char *path);
static struct err *check_names(const struct vmi_spec *s);
static struct err *check_strategies(const struct vmi_spec *s);

/* Room for all texts of errors that problems_add() still puts in. */
#define PROBLEMS_INIT(a)                                    \
    {                                                       \
        .arena = (a), .text = STRBUF_INIT(2 * PROBLEMS_MAX) \
    }

void
problems_add(struct problems *p, struct err *e)
{
    AUTO(err_freep) struct err *problem = e;

    if (!problem) {
        return;
    }
    size_t len = p->text.len + strlen(p->root) + strlen(err_text(problem));
    if (p->text.len > 0 && len > PROBLEMS_MAX) {
        p->left_out++;
        return;
    }
    strbuf_addf(&p->text, "%s%s%s", p->text.len > 0 ? "; " : "", p->root, err_text(problem));
}

/* NULL when there is none. */
static struct err *
problems_told(struct problems *p)
{
    AUTO(strbuf_fini) struct strbuf text = p->text;

    if (text.len == 0) {
        return NULL;
    }
    return p->left_out > 0 ? INVALID("%s; and %zu more", strbuf_str(&text), p->left_out)
                           : INVALID("%s", strbuf_str(&text));
}

struct err *
vmi_spec_validate(const struct vmi_spec *s, struct arena *a)
{
    struct problems p = PROBLEMS_INIT(a);

    p.root = "spec.";
    problems_add(&p, check_wanted_memory(&s->domain));
    check_spec(s, &p);
    return problems_told(&p);
}

struct err *
vmi_validate(const struct vmi *vmi, struct arena *a)
{
    struct problems p = PROBLEMS_INIT(a);

    p.root = "";
    validate_metadata(&vmi->meta.labels, &vmi->meta.annotations, true, &p);
    p.root = "spec.";
    problems_add(&p, check_wanted_memory(&vmi->spec.domain));
    check_spec(&vmi->spec, &p);
    return problems_told(&p);
}

static struct err *
check_strategy(const struct vm_spec *s)
{
    if (s->running != TRI_UNSET && s->run_strategy != RUN_UNSET) {
        return INVALID(
            "running: Running and RunStrategy are mutually exclusive. Note that Running is deprecated, please use "
            "RunStrategy instead");
    }
    return s->run_strategy == RUN_WAIT_AS_RECEIVER
               ? INVALID("runStrategy: Invalid RunStrategy (WaitAsReceiver): migration between clusters is not "
                         "supported by this version of vmbridge; write Always, Halted, Manual, RerunOnFailure or Once")
               : NULL;
}

static struct err *
check_wanted_memory(const struct domain_spec *d)
{
    bool is_said = d->memory.guest.text || d->resources.requests_memory.text || d->resources.limits_memory.text;

    return is_said ? NULL
                   : INVALID("domain.memory.guest: no memory requested, at least one of 'domain.memory.guest', "
                             "'domain.memory.hugepages.pageSize' or 'domain.resources.requests.memory' must be set");
}

struct err *
vm_spec_validate(const struct vm_spec *s, struct arena *a)
{
    struct problems p = PROBLEMS_INIT(a);

    p.root = "spec.";
    problems_add(&p, check_strategy(s));
    validate_support(vm_support, s->json, &p);
    p.root = "spec.template.";
    validate_metadata(&s->template.labels, &s->template.annotations, false, &p);
    p.root = "spec.template.spec.";
    if (!json_object_get(s->json, "instancetype")) { /* else that is where it would come from, and what is told */
        problems_add(&p, check_wanted_memory(&s->template.spec.domain));
    }
    check_spec(&s->template.spec, &p);
    return problems_told(&p);
}

static void
check_spec(const struct vmi_spec *s, struct problems *p)
{
    problems_add(p, check_resources(&s->domain));
    problems_add(p, check_memory(&s->domain));
    problems_add(p, check_cpu(&s->domain));
    problems_add(p, check_sockets(s->json));
    problems_add(p, check_firmware(&s->domain));
    problems_add(p, check_sound(s->json));
    problems_add(p, check_names(s));
    problems_add(p, check_strategies(s));
    problems_add(p, check_probe(s, s->liveness_probe, "livenessProbe"));
    problems_add(p, check_probe(s, s->readiness_probe, "readinessProbe"));
    validate_disks(s, p);
    validate_volumes(s, p);
    validate_networks(s, p);
    validate_pci_addresses(s, p);
    validate_support(vmi_support, s->json, p);
}

static struct err *
check_resources(const struct domain_spec *d)
{
    const struct resources *r = &d->resources;
    const struct {
        const char *path;
        const struct quantity *q;
    } rows[] = {
        {"requests.memory", &r->requests_memory},
        {"requests.cpu", &r->requests_cpu},
        {"limits.memory", &r->limits_memory},
        {"limits.cpu", &r->limits_cpu},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].q->text && rows[i].q->milli < 0) {
            return INVALID("domain.resources.%s '%s': must be greater than or equal to 0.", rows[i].path,
                           rows[i].q->text);
        }
        if (rows[i].q->text && rows[i].q->value > (i % 2 == 0 ? MEMORY_MAX : NODE_CPUS_MAX)) {
            return INVALID("domain.resources.%s '%.64s' is more than any node has: write at most %s", rows[i].path,
                           rows[i].q->text, i % 2 == 0 ? "64Ti" : "8192");
        }
    }
    if (r->requests_memory.text && r->requests_memory.value < MEMORY_MIN) {
        return INVALID("domain.resources.requests.memory '%s': must be greater than or equal to 1M.",
                       r->requests_memory.text);
    }
    for (size_t i = 0; i < 2; i++) {
        const struct quantity *request = rows[i].q, *limit = rows[i + 2].q;
        if (request->text && limit->text && request->milli > limit->milli) {
            return INVALID("domain.resources.%s '%s' is greater than domain.resources.%s '%s'", rows[i].path,
                           request->text, rows[i + 2].path, limit->text);
        }
    }
    return NULL;
}

static struct err *
check_memory(const struct domain_spec *d)
{
    const struct quantity *guest = &d->memory.guest, *limit = &d->resources.limits_memory;

    if (!guest->text) {
        bool small = limit->text && !d->resources.requests_memory.text && limit->value < MEMORY_MIN;
        return small ? INVALID("domain.resources.limits.memory '%s': must be greater than or equal to 1M.", limit->text)
                     : NULL;
    }
    if (guest->value < MEMORY_MIN) {
        return INVALID("domain.memory.guest '%s': must be greater than or equal to 1M.", guest->text);
    }
    if (guest->value > MEMORY_MAX) {
        return INVALID("domain.memory.guest '%.64s' is more than any node has: write at most 64Ti", guest->text);
    }
    if (limit->text && guest->value > limit->value) {
        return INVALID("domain.memory.guest '%s' must be equal to or less than the memory limit "
                       "domain.resources.limits.memory '%s'",
                       guest->text, limit->text);
    }
    return NULL;
}

static struct err *
check_cpu(const struct domain_spec *d)
{
    const struct opt_int *parts[] = {&d->cpu.cores, &d->cpu.sockets, &d->cpu.threads};
    int64_t vcpus = 1;

    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        if (parts[i]->set && (parts[i]->v < 0 || parts[i]->v > VCPUS_MAX)) {
            return INVALID("domain.cpu: cores, sockets and threads must each be in range 0 to %d", VCPUS_MAX);
        }
        vcpus *= parts[i]->set && parts[i]->v > 0 ? parts[i]->v : 1;
    }
    const struct quantity *q = d->resources.limits_cpu.text ? &d->resources.limits_cpu : &d->resources.requests_cpu;
    bool said = vcpus > 1 || d->cpu.cores.v > 0 || d->cpu.sockets.v > 0 || d->cpu.threads.v > 0;
    if (!said && q->text && q->value > VCPUS_MAX) { /* so many sockets it would get */
        return INVALID("domain.resources: '%.64s' CPUs without domain.cpu make a guest of as many; it can have %d",
                       q->text, VCPUS_MAX);
    }
    if (vcpus > VCPUS_MAX) {
        return INVALID("domain.cpu: cores, sockets and threads make %lld CPUs; a guest can have %d", (long long)vcpus,
                       VCPUS_MAX);
    }
    if (!str_empty(d->cpu.model) && !is_made_of(d->cpu.model, "_.-+")) {
        return INVALID(
            "domain.cpu.model '%.64s' is no CPU model: write host-model, host-passthrough or a name that libvirt knows",
            d->cpu.model);
    }
    return NULL;
}

static struct err *
check_sockets(const json_t *spec)
{
    const json_t *cpu = json_at(spec, "domain", "cpu", NULL);
    int64_t most = json_int(cpu, "maxSockets", 0);

    return most > 0 && json_int(cpu, "sockets", 0) > most
               ? INVALID("domain.cpu.sockets: Number of sockets in CPU topology is greater than the maximum sockets "
                         "allowed")
               : NULL;
}

static struct err *
check_sound(const json_t *spec)
{
    const json_t *sound = json_at(spec, "domain", "devices", "sound", NULL);
    const char *model = json_str(sound, "model");

    if (sound && str_empty(json_str(sound, "name"))) {
        return INVALID("domain.devices.sound: Sound device requires a name field.");
    }
    return str_empty(model) || str_eq(model, "ich9") || str_eq(model, "ac97")
               ? NULL
               : INVALID("domain.devices.sound.model: Sound device type is not supported. Options: 'ich9' or 'ac97'");
}

static bool
is_uuid(const char *text)
{
    static const char form[] = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";

    for (size_t i = 0; i < sizeof(form) - 1; i++) {
        if (form[i] == '-' ? text[i] != '-' : !isxdigit((unsigned char)text[i])) {
            return false;
        }
    }
    return text[sizeof(form) - 1] == '\0';
}

static struct err *
check_firmware(const struct domain_spec *d)
{
    const struct firmware *f = &d->firmware;
    const struct bootloader *b = f->bootloader;

    if (!str_empty(d->machine_type) && !str_starts(d->machine_type, "q35") && !str_starts(d->machine_type, "pc-q35")) {
        return INVALID("domain.machine.type is not supported: %.64s (allowed values: [q35* pc-q35*])", d->machine_type);
    }
    if (!str_empty(d->machine_type) && !is_made_of(d->machine_type, "_.-+")) {
        return INVALID("domain.machine.type '%.64s' is no machine type: letters, digits, dots and dashes",
                       d->machine_type);
    }
    if (!str_empty(f->uuid) && !is_uuid(f->uuid)) {
        return INVALID("domain.firmware.uuid '%.64s' is no UUID: write it as 5d307ca9-b3ef-428c-8861-06e72d69f223",
                       f->uuid);
    }
    if (b && b->bios && b->efi) {
        return INVALID("domain.firmware.bootloader has both EFI and BIOS configured, but they are mutually exclusive. "
                       "Leave one of them out");
    }
    bool is_converted = b && b->efi && b->efi->secure_boot == TRI_UNSET && b->efi->persistent == TRI_TRUE &&
                        d->smm != TRI_TRUE; /* virt-v2v's form: read as secureBoot: false */
    if (b && b->efi && b->efi->secure_boot != TRI_FALSE && !is_converted) {
        return d->smm == TRI_TRUE ? INVALID("domain.firmware.bootloader.efi.secureBoot: secure boot is not supported "
                                            "by this version of vmbridge; "
                                            "write secureBoot: false")
                                  : INVALID("domain has EFI SecureBoot enabled. SecureBoot requires SMM, which is "
                                            "currently disabled. Write "
                                            "domain.firmware.bootloader.efi.secureBoot: false");
    }
    return NULL;
}

static struct err *
check_names(const struct vmi_spec *s)
{
    if (!str_empty(s->architecture) && !str_eq(s->architecture, "amd64")) {
        return INVALID("architecture: unsupported architecture: %.32s; this version of vmbridge runs amd64",
                       s->architecture);
    }
    if (!str_empty(s->hostname) && !is_dns_label(s->hostname, strlen(s->hostname), DNS_LABEL_MAX)) {
        return INVALID(
            "hostname does not conform to the kubernetes DNS_LABEL rules : '%.64s' must be small letters, digits and "
            "dashes, at most 63",
            s->hostname);
    }
    if (str_empty(s->subdomain)) {
        return NULL;
    }
    bool good = strlen(s->subdomain) <= DNS_NAME_MAX;
    for (const char *p = s->subdomain; good && p; p = *p ? p + 1 : NULL) {
        size_t len = strcspn(p, ".");
        good = is_dns_label(p, len, DNS_NAME_MAX);
        p += len;
        if (!*p) {
            break;
        }
    }
    return good ? NULL
                : INVALID("subdomain does not conform to the kubernetes DNS_SUBDOMAIN rules : '%.64s' must be labels "
                          "joined by dots",
                          s->subdomain);
}

static struct err *
check_strategies(const struct vmi_spec *s)
{
    static const char *const known[] = {"None", "LiveMigrate", "LiveMigrateIfPossible", "External"};
    bool found = !s->eviction_strategy;

    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        found = found || str_eq(s->eviction_strategy, known[i]);
    }
    if (!found) {
        return INVALID("evictionStrategy is set with an unrecognized option: %.64s", s->eviction_strategy);
    }
    if (s->start_strategy == START_PAUSED && s->liveness_probe) {
        return INVALID("startStrategy: Pausing VMI with LivenessProbe is not supported; leave one of them out");
    }
    if (s->termination_grace_period_s.set && s->termination_grace_period_s.v < 0) {
        return INVALID("terminationGracePeriodSeconds must be greater than or equal to 0.");
    }
    return NULL;
}

/* Numbers of a probe go into the pod as they are; there they have 31 bits. */
static struct err *
check_probe(const struct vmi_spec *s, const struct probe *probe, const char *path)
{
    static const char *const kinds[] = {"httpGet", "tcpSocket", "exec", "guestAgentPing"};
    static const char *const keys[] = {"initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold",
                                       "failureThreshold"};
    size_t n_kinds = 0;

    for (size_t i = 0; probe && i < ARRAY_LEN(kinds); i++) {
        n_kinds += json_object_get(probe->raw, kinds[i]) != NULL;
    }
    if (probe && n_kinds != 1) {
        return INVALID("%s must have exactly one probe type set", path);
    }
    if (probe && (probe->http_get || probe->tcp_socket) && !has_pod_network(s)) {
        return INVALID("%s.%s is only allowed if the Pod Network is attached", path,
                       probe->http_get ? "httpGet" : "tcpSocket");
    }
    for (size_t i = 0; probe && i < ARRAY_LEN(keys); i++) {
        int64_t n = json_int(probe->raw, keys[i], 0);
        if (n < 0 || n > PROBE_SECONDS_MAX) {
            return INVALID("%s.%s must be in range 0 to %d", path, keys[i], PROBE_SECONDS_MAX);
        }
    }
    return NULL;
}

bool
is_made_of(const char *text, const char *more)
{
    for (; *text; text++) {
        if (!isalnum((unsigned char)*text) && !strchr(more, *text)) {
            return false;
        }
    }
    return true;
}

bool
is_dns_label(const char *text, size_t len, size_t max)
{
    if (len == 0 || len > max || text[0] == '-' || text[len - 1] == '-') {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (!islower((unsigned char)text[i]) && !isdigit((unsigned char)text[i]) && text[i] != '-') {
            return false;
        }
    }
    return true;
}
