// Each family writes its elements, in the order of the table.
#include "domain/domain_xml.h"

#include "domain/parts.h"

static void
write_rng(const struct domain_view *v, struct xml *x)
{
    if (v->instance->spec.domain.rng) {
        xml_open(x, "rng");
        xml_attr(x, "model", VIRTIO_MODEL);
        xml_open(x, "backend");
        xml_attr(x, "model", "random");
        xml_text(x, "/dev/urandom");
        xml_close(x);
        xml_close(x);
    }
}

struct err *
domain_xml(const struct domain_view *v, struct strbuf *out)
{
    struct xml x = XML_INIT(out);
    bool is_in_devices = false;

    xml_open(&x, "domain");
    xml_attr(&x, "type", v->is_emulated ? "qemu" : "kvm");
    for (size_t k = 0; k < domain_parts_len; k++) {
        if (domain_parts[k]->is_device && !is_in_devices) {
            xml_open(&x, "devices");
            is_in_devices = true;
        }
        domain_parts[k]->write(v, &x);
    }
    write_rng(v, &x);
    xml_close(&x);
    xml_close(&x);
    return out->over ? err_new(ERR_INVALID, "the description of the machine is too long") : NULL;
}
