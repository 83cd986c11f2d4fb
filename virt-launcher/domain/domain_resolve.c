// Asks each family in turn.
#include "domain/domain_resolve.h"

#include "domain/parts.h"

struct err *
domain_resolve(const struct instance *i, const struct domain_facts *f, struct arena *a, struct domain_view *ret_view)
{
    bool is_transitional = i->spec.domain.use_virtio_transitional == TRI_TRUE;
    struct domain_view v = {
        .instance = i,
        .facts = *f,
        .arena = a,
        .is_emulated = i->use_emulation == TRI_TRUE,
        .virtio_model = is_transitional ? "virtio-transitional" : "virtio-non-transitional",
        .pci = {.virtio_is_conventional = is_transitional},
    };

    for (size_t k = 0; k < domain_parts_len; k++) {
        struct err *e = domain_parts[k]->resolve ? domain_parts[k]->resolve(&v) : NULL;
        if (e) {
            return e;
        }
    }
    *ret_view = v;
    return NULL;
}
