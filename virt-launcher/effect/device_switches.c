// One call a device. Only what runs is changed: what the guest was begun with is where a medium comes from.
#include "effect/device_switches.h"

#include <libvirt/libvirt-qemu.h>

#include "observe/cdrom_xml.h"
#include "observe/domain_read.h"

enum { WORDS_MAX = 200 };

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

/* By QEMU's own command, since libvirt changes nothing of a vhost-user card, as those of passt are. It says nothing when all is well. */
static struct err *
switch_link(virDomainPtr dom, const char *alias, bool is_down)
{
    AUTO(freep) char *command = xasprintf("set_link %s %s", alias, is_down ? "off" : "on");
    AUTO(freep) char *said = NULL;

    if (virDomainQemuMonitorCommand(dom, command, &said, VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP) != 0) {
        return libvirt_error("change the link of a network card");
    }
    return str_empty(said) ? NULL : err_new(ERR_RETRY, "change the link of a network card: %.*s", WORDS_MAX, said);
}

/* A guest that has locked its tray does not keep what the administrator takes out. */
static struct err *
switch_medium(virDomainPtr dom, const char *alias, bool is_out)
{
    AUTO(freep) char *live = virDomainGetXMLDesc(dom, 0);
    AUTO(freep) char *kept = virDomainGetXMLDesc(dom, VIR_DOMAIN_XML_INACTIVE);
    AUTO(freep) char *text = NULL;

    if (!live || !kept) {
        return libvirt_error("read the guest's description");
    }
    struct err *e = cdrom_xml_switch(live, kept, alias, is_out, &text);
    if (e || !text) {
        return e;
    }
    return virDomainUpdateDeviceFlags(dom, text, VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_DEVICE_MODIFY_FORCE) == 0
               ? NULL
               : libvirt_error("change the medium of a CD-ROM");
}

struct err *
device_switches_apply(virDomainPtr dom, const struct device_switches *s)
{
    struct err *first = NULL;

    for (size_t i = 0; i < s->n; i++) {
        const struct device_switch *d = &s->items[i];
        struct err *e = d->is_cdrom ? switch_medium(dom, d->alias, d->is_off) : switch_link(dom, d->alias, d->is_off);
        if (first) {
            err_free(e);
        } else {
            first = e;
        }
    }
    return first;
}
