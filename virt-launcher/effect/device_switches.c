// One call a device that is not as it is to be. Only what runs is changed: what the guest was begun with is where a medium comes from.
#include "effect/device_switches.h"

#include "observe/domain_read.h"

struct device_switches
device_switches_copy(const struct device_switches *s)
{
    struct device_switches copy = {.items = s->n > 0 ? xcalloc(s->n, sizeof(*s->items)) : NULL, .n = s->n};

    if (s->n > 0) {
        memcpy(copy.items, s->items, s->n * sizeof(*s->items));
    }
    return copy;
}

void
device_switches_fini(struct device_switches *s)
{
    free(s->items);
    *s = (struct device_switches){0};
}

/* A guest that has locked its tray does not keep what the administrator takes out. */
static struct err *
switch_one(virDomainPtr dom, const struct device_switch *s, const char *live, const char *kept)
{
    unsigned flags = VIR_DOMAIN_AFFECT_LIVE | (s->is_cdrom ? VIR_DOMAIN_DEVICE_MODIFY_FORCE : 0U);
    AUTO(freep) char *text = NULL;
    struct err *e = device_xml_switch(live, kept, s, &text);

    if (e || !text) {
        return e;
    }
    return virDomainUpdateDeviceFlags(dom, text, flags) == 0
               ? NULL
               : libvirt_error(s->is_cdrom ? "change the medium of a CD-ROM" : "change the link of a network card");
}

struct err *
device_switches_apply(virDomainPtr dom, const struct device_switches *s)
{
    AUTO(freep) char *live = virDomainGetXMLDesc(dom, 0);
    AUTO(freep) char *kept = virDomainGetXMLDesc(dom, VIR_DOMAIN_XML_INACTIVE);
    struct err *first = live && kept ? NULL : libvirt_error("read the guest's description");

    for (size_t i = 0; i < s->n && live && kept; i++) {
        struct err *e = switch_one(dom, &s->items[i], live, kept);
        if (first) {
            err_free(e);
        } else {
            first = e;
        }
    }
    return first;
}
