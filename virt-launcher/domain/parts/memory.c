// The guest's memory.
#include "domain/parts.h"

static struct err *
resolve_memory(struct domain_view *v)
{
    const struct domain_spec *d = &v->instance->spec.domain;

    v->memory_bytes = d->memory.guest.text ? d->memory.guest.value : d->resources.requests_memory.value;
    if (v->memory_bytes <= 0) {
        return err_new(ERR_INVALID, "spec.domain.memory.guest: must say how much memory the guest has");
    }
    if (d->memory.hugepages) {
        v->page_bytes = d->memory.hugepages->page_size.value;
        v->keeps_all_its_pages = true;
    }
    return NULL;
}

static void
write_pages(const struct domain_view *v, struct xml *x)
{
    if (v->page_bytes == 0) {
        return;
    }
    xml_open(x, "hugepages");
    for (size_t i = 0; i == 0 || i < v->n_cells; i++) {
        xml_open(x, "page");
        xml_attr_int(x, "size", v->page_bytes);
        xml_attr(x, "unit", "b");
        if (v->n_cells > 0) {
            xml_attr_int(x, "nodeset", (int64_t)i);
        }
        xml_close(x);
    }
    xml_close(x);
}

static void
write_memory(const struct domain_view *v, struct xml *x)
{
    char bytes[24];

    (void)snprintf(bytes, sizeof(bytes), "%lld", (long long)v->memory_bytes);
    xml_open(x, "memory");
    xml_attr(x, "unit", "b");
    xml_text(x, bytes);
    xml_close(x);
    if (v->needs_shared_memory || v->page_bytes > 0) {
        xml_open(x, "memoryBacking");
        write_pages(v, x);
        xml_empty(x, "source", "type", "memfd", NULL); /* huge ones too: no file system of them is needed */
        if (v->is_realtime) {
            xml_empty(x, "nosharepages", NULL);
            xml_empty(x, "locked", NULL);
        }
        if (v->n_cells > 0) {
            xml_empty(x, "allocation", "mode", "immediate", NULL);
        }
        if (v->needs_shared_memory) {
            xml_empty(x, "access", "mode", "shared", NULL);
        }
        xml_close(x);
    }
}

const struct part part_memory = {
    .name = "memory",
    .elements = "memory memoryBacking",
    .about = "How much there is, of which pages, and whether passt may read and write it.",
    .resolve = resolve_memory,
    .write = write_memory,
};
