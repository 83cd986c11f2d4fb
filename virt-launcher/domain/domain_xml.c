// Each family writes its elements, in the order of the table.
#include "domain/domain_xml.h"

#include "domain/parts.h"

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
    xml_close(&x);
    xml_close(&x);
    return out->over ? err_new(ERR_INVALID, "the description of the machine is too long") : NULL;
}
