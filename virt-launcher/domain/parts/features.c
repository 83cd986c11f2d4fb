// What the machine can do beside its devices.
#include "domain/parts/features.h"

#include "domain/parts.h"

/* The buffer for translated code: QEMU would take a gigabyte by default and most of it is never touched twice. */
#define TB_CACHE_MIB "32"

bool
features_have_acpi(const struct instance *i)
{
    return i->spec.domain.acpi != TRI_FALSE;
}

static void
write_features(const struct domain_view *v, struct xml *x)
{
    xml_open(x, "features");
    if (features_have_acpi(v->instance)) {
        xml_empty(x, "acpi", NULL);
    }
    xml_empty(x, "apic", NULL);
    xml_empty(x, "vmport", "state", "off", NULL);
    if (v->is_secure_boot) {
        xml_empty(x, "smm", "state", "on", NULL);
    }
    if (v->is_emulated) {
        xml_open(x, "tcg");
        xml_open(x, "tb-cache");
        xml_attr(x, "unit", "MiB");
        xml_text(x, TB_CACHE_MIB);
        xml_close(x);
        xml_close(x);
    }
    xml_close(x);
}

const struct part part_features = {
    .name = "features",
    .elements = "features",
    .about = "ACPI, SMM for Secure Boot, the buffer of an emulated guest.",
    .write = write_features,
};
