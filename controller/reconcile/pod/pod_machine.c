// Huge pages stand beside the memory of the pod, not in it; the threads of a pool are CPUs more.
#include "reconcile/pod/pod_machine.h"

#include "api/kinds/defaults.h"
#include "api/walk/quantity.h"

static void
set(json_t *list, const char *key, json_t *value)
{
    BUG_ON(json_object_set_new(list, key, value) != 0);
}

static void
set_bytes(const struct vmi_view *v, json_t *list, const char *key, int64_t bytes)
{
    set(list, key, json_string(quantity_format_bytes(v->arena, bytes)));
}

/* The guest's memory is pages of that size and no other; what runs beside it has usual ones. */
static void
in_huge_pages(const struct vmi_view *v, const struct quantity *page, int64_t overhead, json_t *requests, json_t *limits)
{
    const struct domain_spec *d = &v->vmi.spec.domain;
    const char *pages = arena_printf(v->arena, "hugepages-%s", quantity_format_bytes(v->arena, page->value));

    set_bytes(v, requests, "memory", overhead);
    set_bytes(v, requests, pages, d->memory.guest.value);
    set_bytes(v, limits, pages, d->memory.guest.value);
    if (d->resources.limits_memory.text) {
        set_bytes(v, limits, "memory", d->resources.limits_memory.value - d->memory.guest.value + overhead);
    }
}

int64_t
pod_machine_cpus(const struct vmi_spec *s)
{
    const struct domain_spec *d = &s->domain;

    return vmi_vcpus(s) +
           (d->io_threads_policy == IO_THREADS_POOL && d->io_pool_threads.v > 0 ? d->io_pool_threads.v : 0);
}

/* Guaranteed, and whole CPUs: what the kubelet gives CPUs of their own for. */
static void
with_own_cpus(const struct vmi_view *v, json_t *requests, json_t *limits)
{
    int64_t n = pod_machine_cpus(&v->vmi.spec) + (v->vmi.spec.domain.cpu.isolate_emulator == TRI_TRUE);

    set(requests, "cpu", json_sprintf("%lld", (long long)n));
    set(limits, "cpu", json_sprintf("%lld", (long long)n));
    set(limits, "memory", json_incref(json_object_get(requests, "memory")));
}

void
pod_machine_selector(const struct vmi_spec *s, json_t *selector)
{
    const struct cpu *c = &s->domain.cpu;

    if (c->dedicated == TRI_TRUE) {
        set(selector, "cpumanager", json_string("true"));
    }
    if (c->realtime) {
        set(selector, "kubevirt.io/realtime", json_string("true"));
    }
}

void
pod_machine_resources(const struct vmi_view *v, int64_t overhead, json_t *requests, json_t *limits)
{
    const struct hugepages *huge = v->vmi.spec.domain.memory.hugepages;

    if (huge) {
        in_huge_pages(v, &huge->page_size, overhead, requests, limits);
    }
    if (v->vmi.spec.domain.cpu.dedicated == TRI_TRUE) {
        with_own_cpus(v, requests, limits);
    }
}
