// Who the guest is: names, UUIDs, SMBIOS.
#include "domain/parts/identity.h"

#include "domain/parts.h"

char *
domain_name(struct arena *a, const struct instance *i)
{
    return arena_printf(a, "%s_%s", i->namespace, i->name);
}

struct entry {
    const char *name;
    const char *value; /* NULL or "": nobody said */
};

/* A part of SMBIOS, unless nothing is said of it. */
static void
write_entries(const char *part, const struct entry *entries, size_t n, struct xml *x)
{
    bool is_open = false;

    for (size_t k = 0; k < n; k++) {
        if (str_empty(entries[k].value)) {
            continue;
        }
        if (!is_open) {
            xml_open(x, part);
            is_open = true;
        }
        xml_open(x, "entry");
        xml_attr(x, "name", entries[k].name);
        xml_text(x, entries[k].value);
        xml_close(x);
    }
    if (is_open) {
        xml_close(x);
    }
}

/* The words that KubeVirt puts into SMBIOS stay: guests and inventories look for them. */
static void
write_sysinfo(const struct instance *i, struct xml *x)
{
    const struct chassis *c = &i->spec.domain.chassis;
    const struct entry system[] = {{"manufacturer", "KubeVirt"},
                                   {"product", "None"},
                                   {"serial", i->spec.domain.firmware.serial},
                                   {"uuid", i->system_uuid},
                                   {"family", "KubeVirt"}};
    const struct entry chassis[] = {{"manufacturer", c->manufacturer},
                                    {"version", c->version},
                                    {"serial", c->serial},
                                    {"asset", c->asset},
                                    {"sku", c->sku}};

    xml_open(x, "sysinfo");
    xml_attr(x, "type", "smbios");
    write_entries("system", system, ARRAY_LEN(system), x);
    write_entries("chassis", chassis, ARRAY_LEN(chassis), x);
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
