// Rules over CPUs that a guest has for itself.
#include "api/rules/validate_parts.h"

enum { THREADS_MAX = 2 };

#define CPU "domain.cpu"
#define DEDICATED CPU ".dedicatedCpuPlacement"
#define NUMA CPU ".numa.guestMappingPassthrough"

static struct err *
check_together(const struct domain_spec *d)
{
    const struct cpu *c = &d->cpu;
    bool is_dedicated = c->dedicated == TRI_TRUE;

    if (c->isolate_emulator == TRI_TRUE && !is_dedicated) {
        return INVALID(CPU ".isolateEmulatorThread: IsolateEmulatorThread should be only set in combination with "
                           "DedicatedCPUPlacement");
    }
    if (c->passes_numa && !is_dedicated) {
        return INVALID(DEDICATED " must be set to true when NUMA topology strategy is set in " NUMA);
    }
    if (c->passes_numa && !d->memory.hugepages) {
        return INVALID("domain.memory.hugepages must be requested when NUMA topology strategy is set in " NUMA);
    }
    if (c->realtime && !is_dedicated) {
        return INVALID(DEDICATED " must be set to true when " CPU ".realtime is used");
    }
    return c->realtime && !c->passes_numa ? INVALID(NUMA " must be defined when " CPU ".realtime is used") : NULL;
}

static bool
is_whole(const struct quantity *q)
{
    return !q->text || q->milli % 1000 == 0;
}

static struct err *
check_amounts(const struct resources *r)
{
    if (!is_whole(&r->limits_cpu)) {
        return INVALID("domain.resources.limits.cpu '%s': provided resources CPU limits must be an interger",
                       r->limits_cpu.text);
    }
    if (!is_whole(&r->requests_cpu)) {
        return INVALID("domain.resources.requests.cpu '%s': provided resources CPU requests must be an interger",
                       r->requests_cpu.text);
    }
    if (r->requests_cpu.text && r->limits_cpu.text && r->requests_cpu.milli != r->limits_cpu.milli) {
        return INVALID("domain.resources.requests.cpu or domain.resources.limits.cpu must be equal when "
                       "DedicatedCPUPlacement is true");
    }
    if (r->requests_memory.text && r->limits_memory.text && r->requests_memory.value != r->limits_memory.value) {
        return INVALID("domain.resources.requests.memory must be equal to domain.resources.limits.memory");
    }
    return NULL;
}

/* What a spec says of sockets, cores and threads; 0: nothing. */
static int64_t
said_cpus(const struct cpu *c)
{
    const struct opt_int *parts[] = {&c->cores, &c->sockets, &c->threads};
    int64_t n = 1;
    bool is_said = false;

    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        bool counts = parts[i]->set && parts[i]->v > 0;
        is_said = is_said || counts;
        n *= counts ? parts[i]->v : 1;
    }
    return is_said ? n : 0;
}

static struct err *
check_number(const struct domain_spec *d)
{
    const struct quantity *request = &d->resources.requests_cpu, *limit = &d->resources.limits_cpu;
    int64_t said = said_cpus(&d->cpu);
    bool is_asked = request->value > 0 || limit->value > 0;

    if (said == 0 && !is_asked) {
        return INVALID("either domain.resources.requests.cpu or domain.resources.limits.cpu or " CPU
                       ".cores must be provided when DedicatedCPUPlacement is true");
    }
    if (said > 0 && is_asked && request->value != said && limit->value != said) {
        return INVALID("domain.resources.requests.cpu or domain.resources.limits.cpu must not be provided at the same "
                       "time with " CPU ".cores when DedicatedCPUPlacement is true");
    }
    return d->cpu.threads.v > THREADS_MAX ? INVALID("Not more than two threads must be provided at " CPU
                                                    ".threads (got %lld) when DedicatedCPUPlacement is true",
                                                    (long long)d->cpu.threads.v)
                                          : NULL;
}

/* Numbers, ranges of them, and "^" before what is left out. */
static struct err *
check_mask(const struct realtime *r)
{
    bool is_mask = !r || str_empty(r->mask) || strspn(r->mask, "0123456789,-^") == strlen(r->mask);

    return is_mask ? NULL : INVALID(CPU ".realtime.mask '%.64s' is no set of CPUs: write it as 0-3,^1", r->mask);
}

void
validate_cpus(const struct vmi_spec *s, struct problems *p)
{
    const struct domain_spec *d = &s->domain;

    problems_add(p, check_together(d));
    problems_add(p, check_mask(d->cpu.realtime));
    if (d->cpu.dedicated == TRI_TRUE) {
        problems_add(p, check_amounts(&d->resources));
        problems_add(p, check_number(d));
    }
}
