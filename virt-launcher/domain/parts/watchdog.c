// The watchdog: a card that acts on a guest that has begun to answer it and stops.
#include "domain/parts.h"

static const char *const action_names[] = {"reset", "poweroff", "reset", "shutdown"};

static struct err *
resolve_watchdog(struct domain_view *v)
{
    if (v->instance->spec.domain.watchdog) {
        pci_slots_add_conventional(&v->pci, NULL);
    }
    return NULL;
}

static void
write_watchdog(const struct domain_view *v, struct xml *x)
{
    const struct watchdog *w = v->instance->spec.domain.watchdog;

    if (w) {
        xml_empty(x, "watchdog", "model", "i6300esb", "action", action_names[w->action], NULL);
    }
}

const struct part part_watchdog = {
    .name = "watchdog",
    .elements = "watchdog",
    .is_device = true,
    .about = "An Intel 6300ESB, which resets, switches off or shuts down a guest that stops answering it.",
    .resolve = resolve_watchdog,
    .write = write_watchdog,
};
