// Rules over the machine itself: resources, memory, processors, firmware.
#include "api/rules/validate_parts.h"

#include <ctype.h>

#include "api/rules/names.h"

enum { MEMORY_MIN = 1000000, VCPUS_MAX = 512, NODE_CPUS_MAX = 8192 };

#define MEMORY_MAX (64LL << 40) /* beyond any machine, and far from where sums end */

void
validate_wanted_memory(const struct domain_spec *d, struct problems *p)
{
    bool is_said = d->memory.guest.text || d->resources.requests_memory.text || d->resources.limits_memory.text ||
                   d->memory.hugepages;

    if (!is_said) {
        problems_add(p,
                     INVALID("domain.memory.guest: no memory requested, at least one of 'domain.memory.guest', "
                             "'domain.memory.hugepages.pageSize' or 'domain.resources.requests.memory' must be set"));
    }
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
check_features(const struct cpu *c)
{
    for (size_t i = 0; i < c->features.n; i++) {
        const char *name = c->features.items[i].name;
        if (str_empty(name) || !is_made_of(name, "_.-")) {
            return INVALID("domain.cpu.features[%zu].name '%.64s' is no CPU feature: write a name that libvirt knows",
                           i, name);
        }
        for (size_t k = 0; k < i; k++) {
            if (str_eq(c->features.items[k].name, name)) {
                return INVALID("domain.cpu.features[%zu] and features[%zu] must not have the same name", k, i);
            }
        }
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
                        d->features.smm != TRI_TRUE; /* virt-v2v's form: read as secureBoot: false */
    if (b && b->efi && b->efi->secure_boot != TRI_FALSE && !is_converted) {
        return d->features.smm == TRI_TRUE
                   ? INVALID("domain.firmware.bootloader.efi.secureBoot: secure boot is not supported "
                             "by this version of vmbridge; "
                             "write secureBoot: false")
                   : INVALID("domain has EFI SecureBoot enabled. SecureBoot requires SMM, which is "
                             "currently disabled. Write "
                             "domain.firmware.bootloader.efi.secureBoot: false");
    }
    return NULL;
}

void
validate_domain(const struct vmi_spec *s, struct problems *p)
{
    problems_add(p, check_resources(&s->domain));
    problems_add(p, check_memory(&s->domain));
    problems_add(p, check_cpu(&s->domain));
    problems_add(p, check_features(&s->domain.cpu));
    problems_add(p, check_sockets(s->json));
    problems_add(p, check_firmware(&s->domain));
}
