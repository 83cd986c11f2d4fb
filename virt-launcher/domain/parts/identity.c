// Who the guest is: names, UUIDs, SMBIOS.
#include "domain/parts/identity.h"

#include "domain/parts.h"

char *
domain_name(struct arena *a, const struct instance *i)
{
    return arena_printf(a, "%s_%s", i->namespace, i->name);
}

/* The words that KubeVirt puts into SMBIOS stay: guests and inventories look for them. */
static void
write_sysinfo(const struct instance *i, struct xml *x)
{
    const char *const entries[][2] = {{"manufacturer", "KubeVirt"},
                                      {"product", "None"},
                                      {"serial", i->spec.domain.firmware.serial},
                                      {"uuid", i->system_uuid},
                                      {"family", "KubeVirt"}};

    xml_open(x, "sysinfo");
    xml_attr(x, "type", "smbios");
    xml_open(x, "system");
    for (size_t k = 0; k < ARRAY_LEN(entries); k++) {
        if (str_empty(entries[k][1])) {
            continue;
        }
        xml_open(x, "entry");
        xml_attr(x, "name", entries[k][0]);
        xml_text(x, entries[k][1]);
        xml_close(x);
    }
    xml_close(x);
    xml_close(x);
}

static void
write_identity(const struct domain_view *v, struct xml *x)
{
    xml_leaf(x, "name", domain_name(v->arena, v->instance));
    xml_leaf(x, "uuid", v->instance->system_uuid);
    xml_open(x, "metadata");
    xml_open(x, "kubevirt");
    xml_attr(x, "xmlns", "http://kubevirt.io");
    xml_leaf(x, "uid", v->instance->uid);
    xml_close(x);
    xml_close(x);
    write_sysinfo(v->instance, x);
}

const struct part part_identity = {
    .name = "identity",
    .elements = "name uuid metadata sysinfo",
    .about = "Namespace and name, UUIDs, and what SMBIOS says.",
    .write = write_identity,
};
