// Any XML in place of libvirt's capabilities: what is read of it is bounded, and fits into labels or is left out.
#include "fuzz.h"

#include "observe/capabilities_read.h"

static void
check_list(const struct str_list *l, size_t max)
{
    BUG_ON(l->n > max);
    for (size_t i = 0; i < l->n; i++) {
        BUG_ON(str_empty(l->items[i]));
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(freep) char *text = xstrndup(data ? (const char *)data : "", size);
    struct arena *a = arena_new(1 << 24);
    struct domain_capabilities c = {0};
    AUTO(freep) char *cpu = capabilities_host_cpu(text);

    struct err *e = capabilities_of_domain(text, a, &c);
    BUG_ON(!e && !c.hypervisor);
    err_free(e);
    e = capabilities_of_host(text, a, &c);
    err_free(e);
    e = capabilities_of_cpu(cpu ? cpu : text, a, &c);
    err_free(e);
    check_list(&c.cpu_models, NODE_MODELS_MAX);
    check_list(&c.machine_types, NODE_MACHINES_MAX);
    check_list(&c.cpu_features, NODE_FEATURES_MAX);
    arena_free(a);
    return 0;
}
